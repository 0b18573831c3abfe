from pathlib import Path

import pytest

from buffers.texts import Texts
from schemas.config import CodegenTokenizerConfig, TokenizerJsonConfig
from schemas.errors import CodemillError
from storage.files import MissingFile
from tests.corpus import python_text
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.load import given_tokenizer, load_tokenizer
from tokenization.sentencepiece import train

TEXTS = Texts.from_list([python_text(5).encode()])


def codegen_config(tmp_path: Path) -> CodegenTokenizerConfig:
    vocabulary, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    vocabulary.write_bytes(gpt2_like_files()[0])
    merges.write_bytes(gpt2_like_files()[1])
    return CodegenTokenizerConfig(kind="codegen", vocabulary=str(vocabulary), merges=str(merges))


def test_given_files_are_saved_and_loaded(tmp_path: Path) -> None:
    saved = given_tokenizer(codegen_config(tmp_path))
    saved.save(str(tmp_path / "codegen"))
    loaded = load_tokenizer(str(tmp_path / "codegen"))
    assert (loaded.identity, loaded.size, loaded.separator_id) == (saved.identity, saved.size, saved.separator_id)
    assert loaded.encode(TEXTS).ids.tolist() == saved.encode(TEXTS).ids.tolist()
    path = str(tmp_path / "codegen" / "tokenizer.json")
    again = given_tokenizer(TokenizerJsonConfig(kind="tokenizer_json", path=path))
    assert again.identity == saved.identity


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
        given_tokenizer(TokenizerJsonConfig(kind="tokenizer_json", path=str(tmp_path / "gone")))
