from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from tokenization.bpe.split import BLANK, LETTER, NUMBER, OTHER, SPACE, character_classes, make_splitter, split

PARTS = [*"aZ1'_-. \n\r\t\u00a0\u0085\u2028éß漢Ⅷ²🎉\u0301", "'s", "'re", "'ll", "''", "  ", "\n\n", "'S", "'lx", "'v"]
texts = st.lists(st.sampled_from(PARTS), min_size=1, max_size=60).map("".join)
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def words(text: str, longest_runs: dict[bytes, int] | None = None, span: int = 1 << 13) -> list[str]:
    raw = text.encode()
    data = np.frombuffer(raw + bytes(64), np.uint8)
    ends = np.empty(span, np.int64)
    splitter = make_splitter(longest_runs or {})
    found: list[str] = []
    start = 0
    while start < len(raw):
        count = split(data, start, len(raw), splitter, ends)
        for end in ends[:count]:
            found.append(raw[start:end].decode())
            start = int(end)
    return found


def library_words(text: str) -> list[str]:
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return [text[start:end] for _, (start, end) in pieces]


def plain_words(text: str, longest_runs: dict[bytes, int]) -> list[str]:
    """Runs of spaces and tabs out first, from the left, the longest first; the rest by the library."""
    runs = {c.decode() * n for c, most in longest_runs.items() for n in range(2, most + 1)}
    found: list[str] = []
    rest = ""
    while text:
        run = max((run for run in runs if text.startswith(run)), key=len, default="")
        if run:
            found += [*library_words(rest), run]
            rest = ""
        else:
            rest += text[0]
        text = text[len(run) or 1 :]
    return found + library_words(rest)


@given(texts)
def test_words_are_the_librarys(text: str) -> None:
    assert words(text) == library_words(text)


@given(any_text)
def test_words_of_any_text_are_the_librarys(text: str) -> None:
    assert words(text) == library_words(text)


@given(texts | st.text(" \t\na", min_size=1, max_size=90))
def test_runs_are_cut_out_first(text: str) -> None:
    longest = {b" ": 31, b"\t": 9}
    assert words(text, longest) == plain_words(text, longest)


@given(texts, st.sampled_from([{}, {b" ": 31, b"\t": 9}]))
def test_small_spans_cut_alike(text: str, longest: dict[bytes, int]) -> None:
    assert words(text * 4, longest, span=65) == words(text * 4, longest)


@pytest.mark.parametrize("character", ["a", " ", "\n", ".", "漢", "'"])
def test_a_character_over_and_over(character: str) -> None:
    text = character * 20_000 + "x"
    assert words(text) == library_words(text)


def class_of(character: str, pre_tokenizer: pre_tokenizers.PreTokenizer) -> int:
    """A character joins the letter, number or symbol before it when it is of the same class."""
    for found, before in ((LETTER, "a"), (NUMBER, "1"), (OTHER, "!")):
        if len(pre_tokenizer.pre_tokenize_str(before + character)) == 1:
            return found
    return SPACE if character == " " else BLANK


@pytest.mark.slow
def test_classes_are_the_librarys() -> None:
    pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    classes = character_classes()
    for code_point in itertools.chain(range(1, 0xD800), range(0xE000, sys.maxunicode + 1)):
        assert classes[code_point] == class_of(chr(code_point), pre_tokenizer), hex(code_point)
