r"""Cut text into words as GPT-2's tokenizer does, and into runs of spaces and tabs first where a tokenizer has such.

The rule, as a regular expression (https://github.com/openai/gpt-2, `encoder.py`):

    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+

Whether a word ends before a character depends on the classes of that character and of its two neighbours alone, but
for contractions: a letter, number or symbol goes on what its own class or one space began; of a run of white space
the last character stands apart when something follows, for it belongs to the next word or is one by itself. A
match looks at nothing before its start, so cutting can go on from any end of a word.

CodeGen adds tokens for runs of spaces and of tabs. They are cut out of the text before all else, and what lies
between them is split as texts of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.utf8 import CODE_POINTS, character_bytes, code_point

OTHER, LETTER, NUMBER, SPACE, BLANK, NOTHING = range(6)
"""Classes of characters: SPACE is the space itself, BLANK other white space, NOTHING what is outside the text."""

_CLASSES = 6
_APOSTROPHE = ord("'")
_SLACK = 64


class Splitter(NamedTuple):
    """What `split` looks up.

    Attributes:
        classes: uint8 [2 ** 21], the class of each code point.
        cut: uint8 [216], 1 at (before * 6 + now) * 6 + after when a word ends between `before` and `now`.
        longest_run: uint8 [256], the longest run of this byte that is a token by itself; 0 or 1 when there is none.
    """

    classes: NDArray[np.uint8]
    cut: NDArray[np.uint8]
    longest_run: NDArray[np.uint8]


def make_splitter(longest_runs: Mapping[bytes, int]) -> Splitter:
    """A splitter; `longest_runs` says for a space and a tab how long a run of it may be a token, from two on."""
    longest = np.zeros(256, np.uint8)
    for character, length in longest_runs.items():
        longest[ord(character)] = length
    return Splitter(character_classes(), _cuts(), longest)


@cache
def character_classes() -> NDArray[np.uint8]:
    """The class of each code point, uint8 [2 ** 21]."""
    classes = np.full(CODE_POINTS, OTHER, np.uint8)
    numbers = {"letter": LETTER, "number": NUMBER, "space": BLANK}
    text = files("tokenization.bpe").joinpath("unicode_classes.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        if not line.startswith("#"):
            first, last, name = line.split(" ")
            classes[int(first, 16) : int(last, 16) + 1] = numbers[name]
    classes[ord(" ")] = SPACE
    return classes


def _cuts() -> NDArray[np.uint8]:
    white = (SPACE, BLANK)
    cuts = np.zeros((_CLASSES, _CLASSES, _CLASSES), np.uint8)
    for before in (OTHER, LETTER, NUMBER, SPACE, BLANK):
        for now in (OTHER, LETTER, NUMBER, SPACE, BLANK):
            if now not in white:
                cuts[before, now] = before not in (now, SPACE)
            elif before not in white:
                cuts[before, now] = 1
            else:
                cuts[before, now, [OTHER, LETTER, NUMBER]] = 1
    return cuts.reshape(-1)


@kernel
def split(data: NDArray[np.uint8], start: int, stop: int, splitter: Splitter, ends: NDArray[np.int64]) -> int:
    """Write the ends of the next words, at least one; their number.

    Args:
        data: valid UTF-8, padded with some bytes.
        start: the start of the text, or an end of an earlier word.
        stop: the end of the text, behind `start`.
        splitter: the rule.
        ends: receives the ends; `stop` is the last one when the text is done.
    """
    classes = splitter.classes
    cut = splitter.cut
    longest_run = splitter.longest_run
    last = start + ends.size - _SLACK
    units = 0
    at = start
    before = NOTHING
    now = np.int64(classes[code_point(data, at)])
    while at < stop and (at < last or units == 0):
        byte = data[at]
        if byte == data[at + 1] and longest_run[byte] > 1 and at + 1 < stop:
            if before != NOTHING:
                ends[units] = at
                units += 1
            end = min(stop, at + longest_run[byte])
            at += 2
            while at < end and data[at] == byte:
                at += 1
        else:
            following = at + character_bytes(byte)
            after = np.int64(classes[code_point(data, following)]) if following < stop else NOTHING
            # Without a branch on the class, which no processor could predict.
            ends[units] = at
            units += np.int64(cut[(before * _CLASSES + now) * _CLASSES + after])
            size = 0
            if byte == _APOSTROPHE and before != SPACE and before != OTHER:
                size = _contraction(data, at, stop)
            if size == 0:
                before, now, at = now, after, following
                continue
            at += size
        # Behind a run or a contraction the rule starts afresh.
        before = NOTHING
        if at < stop:
            ends[units] = at
            units += 1
            now = np.int64(classes[code_point(data, at)])
    if at >= stop:
        ends[units] = stop
        units += 1
    return units


@kernel
def _contraction(data: NDArray[np.uint8], at: int, stop: int) -> int:
    """Bytes of the contraction that starts with the apostrophe at a place; 0 when there is none."""
    if at + 1 >= stop:
        return 0
    first = data[at + 1]
    if first == ord("s") or first == ord("t") or first == ord("m") or first == ord("d"):
        return 2
    if at + 2 >= stop:
        return 0
    second = data[at + 2]
    if (first == ord("r") or first == ord("v")) and second == ord("e"):
        return 3
    if first == ord("l") and second == ord("l"):
        return 3
    return 0
