from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from buffers.texts import Texts
from schemas.errors import CodemillError
from tests.corpus import python_text
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.bpe.gpt2_ranks import SEPARATOR
from tokenization.codegen import RUNS, build

TOKENIZER = build(*gpt2_like_files())
WITH_SPECIALS = build(*gpt2_like_files(), ("<a>", "<b>"))
BASE = len(json.loads(gpt2_like_files()[0]))


def ids_of(text: str) -> list[int]:
    return list(map(int, TOKENIZER.encode(Texts.from_list([text.encode()])).ids))


def plain_split(text: str) -> list[str]:
    """The text around its runs of spaces and tabs, the runs taken from the left, the longest first."""
    parts = [""]
    while text:
        run = next((run for run in RUNS if text.startswith(run)), "")
        if run:
            parts += [run, ""]
            text = text[len(run) :]
        else:
            parts[-1] += text[0]
            text = text[1:]
    return [part for part in parts if part]


def plain_encode(text: str) -> list[int]:
    vocabulary, merges = gpt2_like_files()
    ranks = [(left, right) for left, right in (line.split(" ") for line in merges.decode().split("\n")[1:] if line)]
    bare = Tokenizer(models.BPE(vocab=json.loads(vocabulary), merges=ranks))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    found: list[int] = []
    for part in plain_split(text):
        found += [BASE + RUNS.index(part)] if part in RUNS else bare.encode(part).ids
    return found


def test_ids_of_the_runs() -> None:
    assert TOKENIZER.size == BASE + 38
    assert ids_of(" " * 31) == [BASE] and ids_of("  ") == [BASE + 29]
    assert ids_of("\t" * 9) == [BASE + 30] and ids_of("\t\t") == [BASE + 37]
    assert ids_of(" " * 32)[0] == BASE and len(ids_of(" " * 32)) == 2


PARTS = ["a", "1", "'s", " ", "  ", "\t", "\n", "é", "漢", "<|endoftext|>"]


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
def test_runs_split_the_text_first(text: str) -> None:
    assert ids_of(text) == plain_encode(text)


def test_a_real_text() -> None:
    assert ids_of(python_text(77)) == plain_encode(python_text(77))


def test_the_separator_written_in_a_text_is_text() -> None:
    assert TOKENIZER.separator_id == BASE - 1
    assert BASE - 1 not in ids_of("x<|endoftext|>y")


def test_special_tokens_stand_behind_the_runs() -> None:
    tokenizer = WITH_SPECIALS
    assert tokenizer.size == BASE + 40
    assert [tokenizer.special_id(name) for name in ("<a>", "<b>", SEPARATOR)] == [BASE + 38, BASE + 39, BASE - 1]
    assert tokenizer.special_id("  ") is None and tokenizer.special_id("a") is None
    assert tokenizer.decode(np.array([BASE + 38, BASE + 39, BASE - 1], np.uint32)) == b""


@given(st.lists(st.sampled_from([*PARTS, "<a>", "<b>", "<a"]), max_size=40).map("".join))
def test_special_tokens_change_no_ids(text: str) -> None:
    assert WITH_SPECIALS._encoder is not None  # this project's own kernels
    assert WITH_SPECIALS.encode(Texts.from_list([text.encode()])).ids.tolist() == ids_of(text)


@pytest.mark.parametrize("name", ["a", "  ", SEPARATOR])
def test_special_tokens_that_the_vocabulary_has_are_refused(name: str) -> None:
    with pytest.raises(CodemillError, match=r"is a token already|white space"):
        build(*gpt2_like_files(), (name,))


@pytest.mark.parametrize(
    ("vocabulary", "merges"),
    [(b"[1", b""), (b'{"a": 0}', b""), (b'{"a": 0, "<|endoftext|>": 5}', b""), (b'{"<|endoftext|>": 0}', b"a b\n")],
)
def test_other_files_are_refused(vocabulary: bytes, merges: bytes) -> None:
    with pytest.raises(CodemillError):
        build(vocabulary, merges)
