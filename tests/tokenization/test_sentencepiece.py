from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from tests.corpus import prose_text, python_text
from tokenization.load import load_tokenizer
from tokenization.sentencepiece import MODEL_FILE, SentencePieceTokenizer, train

DOCUMENTS = [text(i).encode() for i in range(60) for text in (python_text, prose_text)]


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


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40), max_size=4))
def test_every_text_comes_back(tokenizer: SentencePieceTokenizer, texts: list[str]) -> None:
    encoded = tokenizer.encode(Texts.from_list([text.encode() for text in texts]))
    for index, text in enumerate(texts):
        assert tokenizer.decode(encoded.document(index)) == text.encode()


PARTS = [*"ab_1(= \n\t\r.é漢🎉", "  ", "\n\n", "<|endoftext|>"]
whitespace_heavy = st.lists(st.sampled_from(PARTS), max_size=60).map("".join)


@given(whitespace_heavy)
def test_ids_equal_the_librarys(tokenizer: SentencePieceTokenizer, directory: Path, text: str) -> None:
    library = sentencepiece.SentencePieceProcessor(model_file=str(directory / MODEL_FILE))
    assert tokenizer.encode(Texts.from_list([text.encode()])).ids.tolist() == library.encode(text)


def test_ids_of_real_documents_equal_the_librarys(tokenizer: SentencePieceTokenizer, directory: Path) -> None:
    library = sentencepiece.SentencePieceProcessor(model_file=str(directory / MODEL_FILE))
    documents = [Path(__file__).read_bytes(), *[d for d in DOCUMENTS if "\u2581".encode() not in d]]
    encoded = tokenizer.encode(Texts.from_list(documents))
    for index, document in enumerate(documents[1:], 1):
        assert encoded.document(index).tolist() == library.encode(document.decode())


def test_control_tokens_in_a_text_are_text(tokenizer: SentencePieceTokenizer) -> None:
    encoded = tokenizer.encode(Texts.from_list([b"a <|endoftext|> <s> <unk> <0x41>"]))
    assert not np.isin(encoded.ids, [tokenizer.separator_id, 0]).any()


def test_training_twice_gives_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    train(DOCUMENTS, str(tmp_path), vocabulary_size=480)
    assert (tmp_path / MODEL_FILE).read_bytes() == (directory / MODEL_FILE).read_bytes()
