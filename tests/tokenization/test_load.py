import hashlib
from pathlib import Path

import pytest

from buffers.texts import Texts
from schemas.config import CodegenTokenizerConfig, PinnedFile, TokenizerJsonConfig
from schemas.errors import CodemillError
from storage.files import MissingFile, StorageError
from tests.corpus import python_text
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tests.tokenization.gpt2_files import library_form, tiktoken_form
from tokenization.load import given_tokenizer, load_tokenizer
from tokenization.sentencepiece.train import train

TEXTS = Texts.from_list([python_text(5).encode()])


def codegen_config(tmp_path: Path) -> CodegenTokenizerConfig:
    vocabulary, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    vocabulary.write_bytes(gpt2_like_files()[0])
    merges.write_bytes(gpt2_like_files()[1])
    return CodegenTokenizerConfig(
        kind="codegen", vocabulary=PinnedFile(path=str(vocabulary)), merges=PinnedFile(path=str(merges))
    )


def json_config(path: Path) -> TokenizerJsonConfig:
    return TokenizerJsonConfig(kind="tokenizer_json", path=PinnedFile(path=str(path)))


def test_given_files_are_saved_and_loaded(tmp_path: Path) -> None:
    saved = given_tokenizer(codegen_config(tmp_path))
    saved.save(str(tmp_path / "codegen"))
    loaded = load_tokenizer(str(tmp_path / "codegen"))
    assert (loaded.identity, loaded.size, loaded.separator_id) == (saved.identity, saved.size, saved.separator_id)
    assert loaded.encode(TEXTS).ids.tolist() == saved.encode(TEXTS).ids.tolist()
    again = given_tokenizer(json_config(tmp_path / "codegen" / "tokenizer.json"))
    assert again.identity == saved.identity


def test_the_form_of_the_ranks_does_not_show(tmp_path: Path) -> None:
    forms = [given_tokenizer(codegen_config(tmp_path))]
    for name, content in (
        ("ranks.tiktoken", tiktoken_form(gpt2_like_files()[0])),
        ("tokenizer.json", library_form(*gpt2_like_files()).to_str().encode()),
    ):
        (tmp_path / name).write_bytes(content)
        file = PinnedFile(path=str(tmp_path / name), sha256=hashlib.sha256(content).hexdigest())
        forms.append(given_tokenizer(CodegenTokenizerConfig(kind="codegen", vocabulary=file)))
    assert len({form.identity for form in forms}) == 1


def test_a_file_with_another_hash_is_named(tmp_path: Path) -> None:
    config = codegen_config(tmp_path)
    pinned = config.model_copy(update={"merges": PinnedFile(path=str(tmp_path / "merges.txt"), sha256="0" * 64)})
    with pytest.raises(StorageError, match=r"merges\.txt: has the SHA-256 [0-9a-f]{64}, expected was 0{64}"):
        given_tokenizer(pinned)


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"?")
    file = PinnedFile(path=str(tmp_path / "other"))
    with pytest.raises(CodemillError, match="other: not a byte-level BPE"):
        given_tokenizer(CodegenTokenizerConfig(kind="codegen", vocabulary=file))
    with pytest.raises(CodemillError, match=r"other: not a tokenizer\.json"):
        given_tokenizer(json_config(tmp_path / "other"))


def test_special_tokens_are_added_to_codegens_and_asked_of_others(tmp_path: Path) -> None:
    tokenizer = given_tokenizer(codegen_config(tmp_path), ("<a>", "<b>"))
    tokenizer.save(str(tmp_path / "saved"))
    assert load_tokenizer(str(tmp_path / "saved")).special_id("<b>") == tokenizer.size - 1
    config = json_config(tmp_path / "saved" / "tokenizer.json")
    assert given_tokenizer(config, ("<b>",)).special_id("<b>") == tokenizer.size - 1
    with pytest.raises(CodemillError, match=r"tokenizer\.json: has no special token '<c>'; add it"):
        given_tokenizer(config, ("<b>", "<c>"))


def test_a_trained_model_is_loaded(tmp_path: Path) -> None:
    trained = train([python_text(i).encode() for i in range(20)], str(tmp_path), vocabulary_size=350)
    loaded = load_tokenizer(str(tmp_path))
    assert loaded.identity == trained.identity
    assert loaded.encode(TEXTS).ids.tolist() == trained.encode(TEXTS).ids.tolist()


def test_an_empty_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match="holds no tokenizer"):
        load_tokenizer(str(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="gone"):
        given_tokenizer(json_config(tmp_path / "gone"))
