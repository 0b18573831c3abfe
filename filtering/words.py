"""Words of prose: what whitespace separates, looked at one by one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import (
    Bytes,
    continuation_mask,
    letter_mask,
    non_ascii_mask,
    population,
    symbol_mask,
    trailing_zeros,
    whitespace_mask,
)
from buffers.texts import Texts

I64s: TypeAlias = NDArray[np.int64]

COLUMNS = (
    "words",
    "word_characters",
    "lettered_words",
    "long_word_characters",
    "hex_words",
    "symbols",
    "stop_words",
)
"""What is counted, in the order of the columns of `count_words`. Whitespace, [ \\t\\n\\v\\f\\r], separates words.

- words. word_characters: code points of all words together.
- lettered_words: words with a letter [a-zA-Z] or a character above U+007F.
- long_word_characters: characters of the words with more than `LONG_WORD` of them.
- hex_words: words of two or more hexadecimal digits, at least one of them in 0-9, but for "0x" before and one of
  [,;:)] behind them.
- symbols: "#", "..." and U+2026, the symbols of Gopher's rule.
- stop_words: how many of `STOP_WORDS` occur, in any case.
"""

LONG_WORD = 20
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""Gopher's stop words (Rae et al. 2021, table A1); each fits in four bytes."""

_STOPS = np.array([int.from_bytes(word.encode(), "little") for word in STOP_WORDS], np.int64)
_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def _is_hex(data: Bytes, start: int, stop: int) -> bool:
    if stop - start > 2 and data[start] == 48 and data[start + 1] | 32 == 120:
        start += 2
    last = data[stop - 1]
    if last == 44 or last == 59 or last == 58 or last == 41:
        stop -= 1
    digit = False
    for place in range(start, stop):
        byte = data[place]
        if 48 <= byte <= 57:
            digit = True
        elif not (97 <= byte <= 102 or 65 <= byte <= 70):
            return False
    return digit and stop - start > 1


@kernel
def _symbols(data: Bytes, start: int, stop: int) -> int:
    count = 0
    dots = 0
    for place in range(start, stop):
        byte = data[place]
        if byte == 46:
            dots += 1
            if dots == 3:
                count += 1
                dots = 0
            continue
        dots = 0
        if byte == 35 or (byte == 0xA6 and place - start > 1 and data[place - 1] == 0x80 and data[place - 2] == 0xE2):
            count += 1
    return count


@kernel
def _word(data: Bytes, start: int, stop: int, stops: I64s, row: I64s, seen: int) -> int:
    """Count one word; returns the stop words seen so far as bits."""
    characters = stop - start
    letters = symbols = _ZERO
    for place in range(start, stop, 64):
        inside = _ALL if stop - place >= 64 else (_ONE << np.uint64(stop - place)) - _ONE
        others = non_ascii_mask(data, place) & inside
        letters |= (letter_mask(data, place) & inside) | others
        symbols |= symbol_mask(data, place) & inside
        if others != _ZERO:
            characters -= population(continuation_mask(data, place) & inside)
    lettered = letters != _ZERO
    if symbols != _ZERO:
        row[5] += _symbols(data, start, stop)
    row[0] += 1
    row[1] += characters
    row[2] += lettered
    if characters > LONG_WORD:
        row[3] += characters
    first = data[start]
    if (48 <= first <= 57 or 97 <= first | 32 <= 102) and _is_hex(data, start, stop):
        row[4] += 1
    if stop - start <= 4:
        packed = 0
        for place in range(start, stop):
            packed |= int(data[place] | 32) << 8 * (place - start)
        for index in range(stops.size):
            if packed == stops[index]:
                seen |= 1 << index
    return seen


@kernel
def _count(data: Bytes, offsets: I64s, stops: I64s, counts: I64s) -> None:
    for document in range(offsets.size - 1):
        stop = offsets[document + 1]
        row = counts[document]
        seen = 0
        word = -1  # where the word starts that reaches up to the present block
        for place in range(offsets[document], stop, 64):
            space = whitespace_mask(data, place)
            if stop - place < 64:
                space |= ~((_ONE << np.uint64(stop - place)) - _ONE)
            at = 0
            while at < 64:
                if word < 0:  # find a word's first byte
                    at += trailing_zeros(~space >> np.uint64(at))
                    if at < 64:
                        word = place + at
                else:
                    at += trailing_zeros(space >> np.uint64(at))
                    if at < 64:
                        seen = _word(data, word, place + at, stops, row, seen)
                        word = -1
        if word >= 0:
            seen = _word(data, word, stop, stops, row, seen)
        while seen != 0:
            row[6] += seen & 1
            seen >>= 1


def count_words(texts: Texts) -> I64s:
    """Count words; int64 [documents, len(COLUMNS)]."""
    counts = np.zeros((len(texts), len(COLUMNS)), np.int64)
    _count(texts.data, texts.offsets, _STOPS, counts)
    return counts
