from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from schemas.errors import CodemillError
from tests.corpus import prose_text, python_text
from tests.tokenization.unigram_vocabularies import made_up_unigram, model_file
from tokenization.load import load_tokenizer
from tokenization.sentencepiece.model_proto import ModelType
from tokenization.sentencepiece.tokenizer import MODEL_FILE, SentencePieceTokenizer
from tokenization.sentencepiece.train import LINE_PIECES, train

DOCUMENTS = [text(i).encode() for i in range(60) for text in (python_text, prose_text)]
SPACE_MARK = "\u2581"
PARTS = [*"ab_1(= \n\t\r.é漢🎉", "  ", "\n\n", "<|endoftext|>", "<0x41>", "def ", "return"]
whitespace_heavy = st.lists(st.sampled_from(PARTS), max_size=60).map("".join)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer")
    train(DOCUMENTS, str(path), vocabulary_size=480)
    return path


@pytest.fixture(scope="module")
def tokenizer(directory: Path) -> SentencePieceTokenizer:
    found = load_tokenizer(str(directory))
    assert isinstance(found, SentencePieceTokenizer)
    return found


@pytest.fixture(scope="module")
def library(directory: Path) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_file=str(directory / MODEL_FILE))


@pytest.fixture(scope="module")
def unigram(tmp_path_factory: pytest.TempPathFactory) -> SentencePieceTokenizer:
    return train(DOCUMENTS, str(tmp_path_factory.mktemp("unigram")), vocabulary_size=350, model="unigram")


def ids_of(tokenizer: SentencePieceTokenizer, text: str) -> list[int]:
    return list(map(int, tokenizer.encode(Texts.from_list([text.encode()])).ids))


@given(st.lists(any_text | whitespace_heavy, max_size=4))
def test_every_text_comes_back(tokenizer: SentencePieceTokenizer, texts: list[str]) -> None:
    encoded = tokenizer.encode(Texts.from_list([text.encode() for text in texts]))
    for index, text in enumerate(texts):
        assert tokenizer.decode(encoded.document(index)) == text.encode()


@given(any_text | whitespace_heavy)
def test_every_text_comes_back_from_a_unigram_model(unigram: SentencePieceTokenizer, text: str) -> None:
    encoded = unigram.encode(Texts.from_list([text.encode(), b"", text.encode()]))
    assert [unigram.decode(encoded.document(i)) for i in range(3)] == [text.encode(), b"", text.encode()]


@given(st.lists(st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"\x80")) | st.just("é漢🎉a".encode()[:8])))
def test_bytes_that_are_no_text_come_back(
    tokenizer: SentencePieceTokenizer, unigram: SentencePieceTokenizer, documents: list[bytes]
) -> None:
    for either in (tokenizer, unigram):
        encoded = either.encode(Texts.from_list(documents))
        assert [either.decode(encoded.document(i)) for i in range(len(documents))] == documents


@given(any_text | whitespace_heavy)
def test_ids_equal_the_librarys(
    tokenizer: SentencePieceTokenizer, library: sentencepiece.SentencePieceProcessor, text: str
) -> None:
    text = text.replace(SPACE_MARK, "")
    assert ids_of(tokenizer, text) == library.encode(text)


@given(st.lists(whitespace_heavy, max_size=4))
def test_the_space_mark_is_spelled_in_bytes_and_splits_the_text(
    tokenizer: SentencePieceTokenizer, library: sentencepiece.SentencePieceProcessor, parts: list[str]
) -> None:
    mark = [library.piece_to_id(f"<0x{byte:02X}>") for byte in SPACE_MARK.encode()]
    expected = [i for k, part in enumerate(parts) for i in [*(mark if k else []), *library.encode(part)]]
    assert ids_of(tokenizer, SPACE_MARK.join(parts)) == expected


def test_ids_of_documents_equal_the_librarys(
    tokenizer: SentencePieceTokenizer, library: sentencepiece.SentencePieceProcessor
) -> None:
    documents = [d for d in DOCUMENTS if SPACE_MARK.encode() not in d]
    documents += [d.replace(SPACE_MARK.encode(), b"") for d in DOCUMENTS]
    encoded = tokenizer.encode(Texts.from_list(documents))
    for index, document in enumerate(documents):
        assert encoded.document(index).tolist() == library.encode(document.decode())


@pytest.mark.slow
def test_ids_of_real_files_equal_the_librarys(tmp_path: Path) -> None:
    files = sorted(Path(np.__file__).parent.rglob("*.py"))[:400:2]
    documents = [path.read_bytes() for path in files]
    documents = [d for d in documents if d and SPACE_MARK.encode() not in d]
    tokenizer = train(documents[::4], str(tmp_path), vocabulary_size=2000)
    library = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / MODEL_FILE))
    encoded = tokenizer.encode(Texts.from_list(documents))
    for index, document in enumerate(documents):
        assert encoded.document(index).tolist() == library.encode(document.decode()), files[index]


@pytest.mark.parametrize("part", ["a", " ", "ab", "aa b", "漢", "\u2581", "\n", "\t", "0", "=-"])
def test_very_long_lines(tokenizer: SentencePieceTokenizer, part: str) -> None:
    text = (part * (1_000_000 // len(part))).encode()
    ids = tokenizer.encode(Texts.from_list([text])).ids
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("part", ["a", " ", "漢", "\u2581", "\n", "a\n\n", "xy z"])
def test_very_long_lines_with_a_unigram_model(unigram: SentencePieceTokenizer, part: str) -> None:
    text = (part * (2_000_000 // len(part.encode()))).encode()
    ids = unigram.encode(Texts.from_list([text, b"a"])).document(0)
    assert unigram.decode(ids) == text


def test_a_unigram_model_encodes_line_by_line_with_the_line_ends_behind_it(unigram: SentencePieceTokenizer) -> None:
    library = sentencepiece.SentencePieceProcessor(model_proto=unigram._data)
    lines = ["\n\n", "def f(x):\n", "    return x\r\n", "\r\n", "\ty\n\n\n\n", "z"]
    assert ids_of(unigram, "".join(lines)) == [i for line in lines for i in library.encode(line)]
    assert ids_of(unigram, "a\n\nb") == [*ids_of(unigram, "a"), *ids_of(unigram, "\n\n"), *ids_of(unigram, "b")]
    assert len(ids_of(unigram, "\n\n")) == 1


@pytest.mark.parametrize("part", ["a", " ", "ab", "xyz", "aab", "漢é"])
def test_long_runs_equal_the_librarys(
    tokenizer: SentencePieceTokenizer, library: sentencepiece.SentencePieceProcessor, part: str
) -> None:
    for length in (63, 64, 65, 500, 3001):
        assert ids_of(tokenizer, part * length) == library.encode(part * length)


def test_control_tokens_in_a_text_are_text(tokenizer: SentencePieceTokenizer) -> None:
    ids = ids_of(tokenizer, "a <|endoftext|> <s> </s> <unk> <0x41>")
    assert not np.isin(ids, [tokenizer.separator_id, 0]).any()
    assert tokenizer.decode(np.array([tokenizer.separator_id])) == b""


def test_ids_lie_below_the_size(tokenizer: SentencePieceTokenizer) -> None:
    assert tokenizer.size == 480
    encoded = tokenizer.encode(Texts.from_list(DOCUMENTS))
    assert encoded.ids.dtype == np.uint32 and encoded.ids.max() < tokenizer.size


def test_parts_of_a_character_decode_to_its_bytes(tokenizer: SentencePieceTokenizer) -> None:
    ids = np.array(ids_of(tokenizer, "𐍈"))
    assert len(ids) == 4
    assert [tokenizer.decode(ids[i : i + 1]) for i in range(4)] == [bytes([byte]) for byte in "𐍈".encode()]


def test_line_ends_and_tabs_are_single_ids(tokenizer: SentencePieceTokenizer) -> None:
    assert all(len(ids_of(tokenizer, piece)) == 1 for piece in LINE_PIECES)


def test_digits_stand_alone(tokenizer: SentencePieceTokenizer) -> None:
    assert len(ids_of(tokenizer, "x=20260131")) >= 9


@pytest.mark.parametrize("model", ["tokenizer", "unigram"])
def test_threads_may_share_a_tokenizer(request: pytest.FixtureRequest, model: str) -> None:
    tokenizer: SentencePieceTokenizer = request.getfixturevalue(model)
    texts = Texts.from_list(DOCUMENTS)
    expected = tokenizer.encode(texts).ids.tolist()
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append(tokenizer.encode(texts).ids.tolist())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.parametrize(("changed", "message"), [({"add_dummy_prefix": True}, "spaces"), ({}, "no control piece")])
def test_models_of_another_kind_are_refused(changed: dict[str, object], message: str) -> None:
    model = io.BytesIO()
    options: dict[str, Any] = {
        "normalization_rule_name": "identity",
        "add_dummy_prefix": False,
        "remove_extra_whitespaces": False,
    }
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["alpha beta gamma", "beta alpha"]),
        model_writer=model,
        model_type="bpe",
        vocab_size=280,
        byte_fallback=True,
        minloglevel=2,
        **{**options, **changed},
    )
    with pytest.raises(CodemillError, match=message):
        SentencePieceTokenizer(model.getvalue())


@pytest.mark.parametrize("kind", [ModelType.WORD, ModelType.CHAR])
def test_models_that_segment_otherwise_are_refused(kind: ModelType) -> None:
    model = made_up_unigram("ab", 5, 0, "real")._replace(type=kind)
    with pytest.raises(CodemillError, match=f"is of type {kind.name.lower()}"):
        SentencePieceTokenizer(model_file(model))


def test_a_space_without_a_piece_comes_back() -> None:
    model = made_up_unigram("ab", 5, 0, "real")
    model = model._replace(pieces=tuple(piece for piece in model.pieces if piece.text != SPACE_MARK))
    tokenizer = SentencePieceTokenizer(model_file(model))
    assert tokenizer.decode(np.array(ids_of(tokenizer, "a b  b ab"))) == b"a b  b ab"
