"""Benchmark problems in training text: runs of words that a document shares with a problem, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes
from buffers.mix import finalise
from buffers.texts import Texts
from buffers.tokens import CURSOR_SLOTS, OPEN, PLACE, SLACK, I64s, U64s, find_tokens, hash_tokens

WORDS = 10
"""Length of the runs: a document is suspect when it shares one run of so many words with a problem."""
DISTINCT_WORDS = 7
"""A run with fewer different words ("for i in range for j in range ...") says nothing and is not looked for."""
LETTERS = 24
"""Nor does one with fewer letters and digits in all, such as a matrix of small numbers."""

_CHUNK_BYTES = 8192
_BITS = 1 << 20
_EMPTY = -1
_ONE = np.uint64(1)
_BASE = np.uint64(0x9E3779B97F4A7C15)


class Problem(NamedTuple):
    """A problem of a benchmark."""

    name: str
    """As evidence shows it, for example "HumanEval/12"."""
    texts: tuple[str, ...]
    """What must not be learned: prompt, solution, tests."""


class Match(NamedTuple):
    """A stretch of a document that lies in a problem, too."""

    row: int
    """The document."""
    problem: str
    start: int
    end: int
    """Bytes of the document."""
    words: int


class BenchmarkIndex(NamedTuple):
    """The runs of words of all problems.

    Attributes:
        names: of the problems.
        keys: uint64 [power of two], hashes of runs, open addressing.
        owners: int32, like `keys`: the first problem with this run, -1 where the slot is free.
        bits: uint64 [_BITS / 64]: a run whose bit is not set is in no problem.
    """

    names: tuple[str, ...]
    keys: U64s
    owners: NDArray[np.int32]
    bits: U64s


@kernel
def _lower(data: Bytes, lowered: Bytes) -> None:
    for place in range(data.size):
        byte = data[place]
        lowered[place] = byte + 32 if 65 <= byte <= 90 else byte


@kernel
def _words_of(
    data: Bytes, start: int, stop: int, starts: I64s, ends: I64s, hashes: U64s, all_starts: I64s, all_ends: I64s
) -> int:
    """The spans and hashes of a document's words; returns how many there are."""
    cursor = np.zeros(CURSOR_SLOTS, np.int64)
    cursor[PLACE] = start
    cursor[OPEN] = -1
    words = 0
    while cursor[PLACE] < stop:
        found = find_tokens(data, stop, cursor, starts, ends)
        hash_tokens(data, starts, ends, found, hashes, words)
        all_starts[words : words + found] = starts[:found]
        all_ends[words : words + found] = ends[:found]
        words += found
    return words


@kernel
def _roll(run: np.uint64, hashes: U64s, first: int, highest: np.uint64) -> np.uint64:
    """The polynomial hash of the run from `first` + 1 on, from that of the run from `first` on."""
    rolled: np.uint64 = (run - hashes[first] * highest) * _BASE + hashes[first + WORDS]
    return rolled


@kernel
def _first_run(hashes: U64s) -> np.uint64:
    run = np.uint64(0)
    for index in range(WORDS):
        run = run * _BASE + hashes[index]
    return run


@kernel
def _highest() -> np.uint64:
    power = _ONE
    for _ in range(WORDS - 1):
        power *= _BASE
    return power


@kernel
def _telling(hashes: U64s, starts: I64s, ends: I64s, first: int) -> bool:
    distinct = 0
    letters = 0
    for index in range(first, first + WORDS):
        letters += ends[index] - starts[index]
        new = True
        for earlier in range(first, index):
            new &= hashes[earlier] != hashes[index]
        distinct += new
    return distinct >= DISTINCT_WORDS and letters >= LETTERS


@kernel
def _slot(key: np.uint64, keys: U64s, owners: NDArray[np.int32]) -> np.int64:
    mask = np.uint64(keys.size - 1)
    slot = finalise(key) & mask
    while owners[slot] != _EMPTY and keys[slot] != key:
        slot = (slot + _ONE) & mask
    return np.int64(slot)


@kernel
def _add(
    data: Bytes, offsets: I64s, owner_of: I64s, longest: int, keys: U64s, owners: NDArray[np.int32], bits: U64s
) -> None:
    starts = np.empty(_CHUNK_BYTES + SLACK, np.int64)
    ends = np.empty(_CHUNK_BYTES + SLACK, np.int64)
    hashes = np.empty(longest + 1, np.uint64)
    all_starts = np.empty(longest + 1, np.int64)
    all_ends = np.empty(longest + 1, np.int64)
    highest = _highest()
    for text in range(offsets.size - 1):
        words = _words_of(data, offsets[text], offsets[text + 1], starts, ends, hashes, all_starts, all_ends)
        if words < WORDS:
            continue
        run = _first_run(hashes)
        for first in range(words - WORDS + 1):
            if first:
                run = _roll(run, hashes, first - 1, highest)
            if _telling(hashes, all_starts, all_ends, first):
                slot = _slot(run, keys, owners)
                if owners[slot] == _EMPTY:
                    keys[slot] = run
                    owners[slot] = owner_of[text]
                    bit = finalise(run) >> np.uint64(44)
                    bits[bit >> np.uint64(6)] |= _ONE << (bit & np.uint64(63))


@kernel
def _find(
    data: Bytes,
    offsets: I64s,
    longest: int,
    keys: U64s,
    owners: NDArray[np.int32],
    bits: U64s,
    counts: I64s,
    spans: I64s,
) -> int:
    """Write one row (document, problem, start, end, words) a span; returns how many there are, written or not."""
    starts = np.empty(_CHUNK_BYTES + SLACK, np.int64)
    ends = np.empty(_CHUNK_BYTES + SLACK, np.int64)
    hashes = np.empty(longest + 1, np.uint64)
    all_starts = np.empty(longest + 1, np.int64)
    all_ends = np.empty(longest + 1, np.int64)
    highest = _highest()
    found = 0
    for document in range(offsets.size - 1):
        words = _words_of(data, offsets[document], offsets[document + 1], starts, ends, hashes, all_starts, all_ends)
        if words < WORDS:
            continue
        run = _first_run(hashes)
        owner = _EMPTY  # of the span that is open
        first_word = last_word = 0
        for first in range(words - WORDS + 1):
            if first:
                run = _roll(run, hashes, first - 1, highest)
            bit = finalise(run) >> np.uint64(44)
            if bits[bit >> np.uint64(6)] >> (bit & np.uint64(63)) & _ONE == np.uint64(0):
                continue
            slot = _slot(run, keys, owners)
            if owners[slot] == _EMPTY:
                continue
            counts[document] += 1
            if owner == owners[slot] and first <= last_word + 1:
                last_word = first + WORDS - 1
            else:
                owner = owners[slot]
                first_word = first
                last_word = first + WORDS - 1
                found += 1
            if found <= spans.shape[0]:
                span = spans[found - 1]
                span[0] = document
                span[1] = owner
                span[2] = all_starts[first_word] - offsets[document]
                span[3] = all_ends[last_word] - offsets[document]
                span[4] = last_word - first_word + 1
    return found


def build_index(problems: Sequence[Problem]) -> BenchmarkIndex:
    """Index the runs of words of problems.

    Words are runs of [A-Za-z0-9_] and non-ASCII bytes (see `buffers.tokens`), upper and lower case alike; layout and
    punctuation do not count.

    Args:
        problems: in order of precedence: a run that several have counts for the first.
    """
    texts = _lowered(
        Texts.from_list([text.encode("utf-8", "replace") for problem in problems for text in problem.texts])
    )
    owner_of = np.array([i for i, problem in enumerate(problems) for _ in problem.texts], np.int64)
    size = 64
    while size < 2 * int(texts.offsets[-1]):
        size *= 2
    index = BenchmarkIndex(
        tuple(problem.name for problem in problems),
        np.zeros(size, np.uint64),
        np.full(size, _EMPTY, np.int32),
        np.zeros(_BITS // 64, np.uint64),
    )
    longest = int(texts.lengths().max(initial=0))
    _add(texts.data, texts.offsets, owner_of, longest, index.keys, index.owners, index.bits)
    return index


def find_problems(texts: Texts, index: BenchmarkIndex) -> tuple[I64s, list[Match]]:
    """Look for the problems in documents.

    Args:
        texts: n documents.
        index: from `build_index`.

    Returns:
        int64 [n]: runs of `WORDS` words that the document shares with a problem; and the stretches that these runs
        make up, in the order of documents and places.
    """
    counts = np.zeros(len(texts), np.int64)
    lowered = _lowered(texts)
    longest = int(texts.lengths().max(initial=0))
    spans = np.zeros((256, 5), np.int64)
    while True:
        found = _find(*lowered, longest, index.keys, index.owners, index.bits, counts, spans)
        if found <= len(spans):
            break
        spans = np.zeros((found, 5), np.int64)
        counts[:] = 0
    return counts, [Match(row, index.names[owner], *span) for row, owner, *span in spans[:found].tolist()]


def _lowered(texts: Texts) -> Texts:
    lowered = np.empty_like(texts.data)
    _lower(texts.data, lowered)
    return Texts(lowered, texts.offsets)
