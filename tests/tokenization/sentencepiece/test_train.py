from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from schemas.errors import CodemillError
from tests.tokenization.sentencepiece.test_tokenizer import DOCUMENTS, ids_of
from tokenization.load import load_tokenizer
from tokenization.sentencepiece.tokenizer import MODEL_FILE
from tokenization.sentencepiece.train import train


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer")
    train(DOCUMENTS, str(path), vocabulary_size=480)
    return path


@pytest.mark.parametrize("model", ["bpe", "unigram"])
def test_special_tokens_are_control_pieces_behind_the_separator(
    tmp_path: Path, model: Literal["bpe", "unigram"]
) -> None:
    specials = ("<|fim_prefix|>", "<|fim_middle|>")
    trained = train(DOCUMENTS, str(tmp_path), vocabulary_size=350, model=model, specials=specials)
    assert trained.size == 350 and trained.separator_id == 1
    assert [trained.special_id(name) for name in (*specials, "<|endoftext|>")] == [2, 3, 1]
    assert [trained.special_id(name) for name in ("a", "\n", "<unk>", "<0x41>")] == [None] * 4
    text = "a<|fim_prefix|>b <|fim_middle|>"
    assert not np.isin(ids_of(trained, text), [0, 1, 2, 3]).any()
    assert trained.decode(np.array([2, *ids_of(trained, text), 3], np.uint32)) == text.encode()
    assert load_tokenizer(str(tmp_path)).special_id(specials[1]) == 3


@pytest.mark.parametrize("name", ["<|endoftext|>", "\t", "<0x41>", "<unk>", "a b"])
def test_special_tokens_that_a_model_has_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CodemillError, match="the special token"):
        train(DOCUMENTS, str(tmp_path), vocabulary_size=480, specials=(name,))


def test_training_twice_gives_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    train(iter(DOCUMENTS), str(tmp_path), vocabulary_size=480)
    assert (tmp_path / MODEL_FILE).read_bytes() == (directory / MODEL_FILE).read_bytes()


def test_the_model_says_nothing_about_where_it_was_trained(directory: Path) -> None:
    assert str(directory).encode() not in (directory / MODEL_FILE).read_bytes()


def test_text_behind_a_long_line_is_trained_on(tmp_path: Path) -> None:
    line = b"= ".join([b"zebra"] * 5000)
    tokenizer = train([line], str(tmp_path), vocabulary_size=284)
    assert len(ids_of(tokenizer, " zebra")) == 1


@pytest.mark.parametrize("model", ["bpe", "unigram"])
def test_a_sample_that_is_too_small_is_explained(tmp_path: Path, model: str) -> None:
    with pytest.raises(CodemillError, match=r"too little text for a vocabulary of 5000; set vocabulary_size to \d+ or"):
        train([b"def f(): pass"], str(tmp_path), vocabulary_size=5000, model=model)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_sample_without_text_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match="no text"):
        train([b"\n\t\n"], str(tmp_path), vocabulary_size=5000)
