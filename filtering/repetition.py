"""Repetition: lines and runs of words that occur more than once in a document."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes, load_u64, newline_mask, trailing_zeros, whitespace_mask
from buffers.mix import fold_multiply
from buffers.texts import Texts

I64s: TypeAlias = NDArray[np.int64]
U64s: TypeAlias = NDArray[np.uint64]

TOP_NGRAMS = (2, 3, 4)
DUPLICATE_NGRAMS = (5, 6, 7, 8, 9, 10)
MOST_WORDS = 1 << 20
"""Words and lines of a document beyond so many are not looked at, which bounds the memory."""

COLUMNS = (
    "compared_lines",
    "duplicate_lines",
    "compared_line_bytes",
    "duplicate_line_bytes",
    "word_bytes",
    *(f"top_{n}gram_bytes" for n in TOP_NGRAMS),
    *(f"duplicate_{n}gram_bytes" for n in DUPLICATE_NGRAMS),
)
"""What is counted, in the order of the columns of `count_repetition`, after the rules of Gopher (Rae et al. 2021).

- compared_lines, compared_line_bytes: lines with something on them, and their bytes, whitespace at both ends off.
- duplicate_lines, duplicate_line_bytes: those that are equal to an earlier one.
- word_bytes: bytes of all words, which whitespace separates.
- top_Ngram_bytes: the largest product of how often one run of N words occurs and its bytes; 0 if none occurs twice.
- duplicate_Ngram_bytes: bytes of the words in runs of N words that have occurred before, read from left to right: after
  such a run the search goes on behind it, so no word counts twice.
"""

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_MIX_1 = np.uint64(0x3C6EF372FE94F82B)
_MIX_2 = np.uint64(0x6A09E667F3BCC909)
_MIX_3 = np.uint64(0xBB67AE8584CAA73B)


@kernel
def _hash(data: Bytes, start: int, stop: int) -> np.uint64:
    state = _MIX_1 ^ np.uint64(stop - start)
    while stop - start >= 8:
        state = fold_multiply(state ^ load_u64(data, start), _MIX_2)
        start += 8
    if start < stop:
        rest = load_u64(data, start) & ((_ONE << np.uint64(8 * (stop - start))) - _ONE)
        state = fold_multiply(state ^ rest, _MIX_3)
    return fold_multiply(state ^ _MIX_3, _MIX_2)


@kernel
def _slot(key: np.uint64, table: U64s, stamps: I64s, stamp: int, mask: np.uint64) -> np.int64:
    """Where a key stands in the table of this stamp, or the free slot where it would."""
    slot = key & mask
    while stamps[slot] == stamp and table[slot] != key:
        slot = (slot + _ONE) & mask
    return np.int64(slot)


@kernel
def _table_mask(entries: int) -> np.uint64:
    size = 64
    while size < 2 * entries:
        size *= 2
    return np.uint64(size - 1)


@kernel
def _lines(
    data: Bytes, start: int, stop: int, table: U64s, stamps: I64s, stamp: int, mask: np.uint64, row: I64s
) -> None:
    line = start
    place = start
    while place <= stop and row[0] < MOST_WORDS:
        found = newline_mask(data, place) if place < stop else _ZERO
        at = place + trailing_zeros(found) if found != _ZERO else place + 64
        if at > stop:
            at = stop
        elif found == _ZERO and at < stop:
            place = at
            continue
        first, last = line, at
        while first < last and data[first] <= 32:
            first += 1
        while first < last and data[last - 1] <= 32:
            last -= 1
        if first < last:
            key = _hash(data, first, last)
            slot = _slot(key, table, stamps, stamp, mask)
            row[0] += 1
            row[2] += last - first
            if stamps[slot] == stamp:
                row[1] += 1
                row[3] += last - first
            else:
                stamps[slot] = stamp
                table[slot] = key
        if at >= stop:
            break
        line = at + 1
        place = at + 1


@kernel
def _words(data: Bytes, start: int, stop: int, hashes: U64s, ends: I64s) -> int:
    """Hashes of the words, and the bytes of all words up to and with each; returns how many there are."""
    count = 0
    total = 0
    word = -1
    for place in range(start, stop, 64):
        space = whitespace_mask(data, place)
        if stop - place < 64:
            space |= ~((_ONE << np.uint64(stop - place)) - _ONE)
        at = 0
        while at < 64:
            if word < 0:
                at += trailing_zeros(~space >> np.uint64(at))
                if at < 64:
                    word = place + at
            else:
                at += trailing_zeros(space >> np.uint64(at))
                if at < 64:
                    hashes[count] = _hash(data, word, place + at)
                    total += place + at - word
                    ends[count + 1] = total
                    count += 1
                    word = -1
                    if count == hashes.size:
                        return count
    if word >= 0:
        hashes[count] = _hash(data, word, stop)
        ends[count + 1] = total + stop - word
        count += 1
    return count


@kernel
def _ngram(hashes: U64s, first: int, n: int) -> np.uint64:
    state: np.uint64 = hashes[first]
    for index in range(first + 1, first + n):
        state = fold_multiply(state, _MIX_2) + hashes[index]
    return state


@kernel
def _count(data: Bytes, offsets: I64s, size: int, counts: I64s) -> None:
    hashes = np.empty(size, np.uint64)
    ends = np.zeros(size + 1, np.int64)
    slots = np.int64(_table_mask(size)) + 1
    table = np.empty(slots, np.uint64)
    stamps = np.zeros(slots, np.int64)
    times = np.zeros(slots, np.int64)
    stamp = 0
    for document in range(offsets.size - 1):
        start = offsets[document]
        stop = offsets[document + 1]
        row = counts[document]
        words = _words(data, start, stop, hashes, ends)
        mask = _table_mask(words)  # a written line has a word at least
        stamp += 1
        _lines(data, start, stop, table, stamps, stamp, mask, row)
        row[4] = ends[words] if words else 0
        for n in range(2, 5):
            stamp += 1
            top = 0
            for first in range(words - n + 1):
                key = _ngram(hashes, first, n)
                slot = _slot(key, table, stamps, stamp, mask)
                if stamps[slot] == stamp:
                    times[slot] += 1
                    top = max(top, times[slot] * (ends[first + n] - ends[first]))
                else:
                    stamps[slot] = stamp
                    table[slot] = key
                    times[slot] = 1
            row[3 + n] = top
        for n in range(5, 11):
            stamp += 1
            duplicated = 0
            first = 0
            while first + n <= words:
                key = _ngram(hashes, first, n)
                slot = _slot(key, table, stamps, stamp, mask)
                if stamps[slot] == stamp:
                    duplicated += ends[first + n] - ends[first]
                    first += n
                else:
                    stamps[slot] = stamp
                    table[slot] = key
                    first += 1
            row[3 + n] = duplicated


def count_repetition(texts: Texts) -> I64s:
    """Count repetition; int64 [documents, len(COLUMNS)]."""
    counts = np.zeros((len(texts), len(COLUMNS)), np.int64)
    longest = int(texts.lengths().max(initial=0)) // 2 + 1  # a word and the space behind it have two bytes
    _count(texts.data, texts.offsets, min(longest, MOST_WORDS), counts)
    return counts
