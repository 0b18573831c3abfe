"""Distinct pairs: a pair of documents that shares several bands is found several times and verified once.

Pairs go through a hash table whose buckets are cache lines, and only the distinct ones are sorted. The table holds
the pairs themselves, so nothing is left to chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.prefetch import prefetch
from buffers.radix import one_run, order_by, refine
from dedup.packing import Packing, pack, packing

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]

PACKED_BITS = 31
"""Of a document key at most, so that a packed pair leaves one value free."""

FEWEST_SLOTS = 1 << 10

BLOCK = 128
"""Pairs whose lines are fetched before the first of them is looked at."""

LINE = 8
"""Slots of a cache line."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)
_LINE_BITS = np.uint64(3)


@kernel
def _line_of(pair: np.uint64, shift: np.uint64) -> np.uint64:
    """The first slot of the cache line where the search for a pair begins."""
    return ((pair * _SPREAD) >> shift) << _LINE_BITS


@kernel
def _insert(pair: np.uint64, table: U64s, shift: np.uint64) -> bool:
    """Whether a pair is not in the table yet; it is then."""
    slot = _line_of(pair, shift)
    wrap = np.uint64(table.size - 1)
    while table[slot] != pair:
        if table[slot] == _FREE:
            table[slot] = pair
            return True
        slot = (slot + _ONE) & wrap
    return False


@kernel
def _collect(
    higher: U64s,
    lower: U64s,
    shape: Packing,
    shift: np.uint64,
    table: U64s,
    rows: I64s,
    pairs: U64s,
    state: I64s,
) -> None:
    """Take the distinct pairs among those from row state[0] on, until the table is full enough.

    `rows` and `pairs` are the first row and the packed value of each distinct pair; state is (next row, distinct
    pairs so far), and moves on.
    """
    width, low, high, mask = np.uint64(shape.bits), shape.low, shape.high, shape.mask
    packed = np.empty(BLOCK, np.uint64)
    unsure = np.empty(BLOCK, np.int64)
    first = state[0]
    found = state[1]
    while first < higher.size and found + BLOCK <= rows.size:
        size = min(BLOCK, higher.size - first)
        for place in range(size):
            pair = pack(higher[first + place], low, high, mask) << width | pack(lower[first + place], low, high, mask)
            packed[place] = pair
            prefetch(table, _line_of(pair, shift))
        left = 0
        for place in range(size):
            # No branch: most pairs have been seen, but which?
            pair = packed[place]
            line = _line_of(pair, shift)
            seen = table[line] == pair
            for other in range(1, LINE):
                seen |= table[line + np.uint64(other)] == pair
            unsure[left] = place
            left += not seen
        for which in range(left):
            place = unsure[which]
            if _insert(packed[place], table, shift):
                rows[found] = first + place
                pairs[found] = packed[place]
                found += 1
        first += size
    state[0] = first
    state[1] = found


@kernel
def _fill(pairs: U64s, table: U64s, shift: np.uint64) -> None:
    for first in range(0, pairs.size, BLOCK):
        block = pairs[first : first + BLOCK]
        for place in range(block.size):
            prefetch(table, _line_of(block[place], shift))
        for place in range(block.size):
            _insert(block[place], table, shift)


def _table(slots: int) -> U64s:
    """A table of free slots whose lines are cache lines of the processor."""
    memory = np.full(slots + LINE, _FREE)
    skipped = -memory.ctypes.data % (8 * LINE) // 8
    return memory[skipped : skipped + slots]


def distinct_pairs(higher: U64s, lower: U64s) -> I64s:
    """Find each distinct pair once.

    Args:
        higher, lower: uint64 [n] each, document keys; pair i is (higher[i], lower[i]).

    Returns:
        int64 [d], the first row of each distinct pair, by (higher, lower). Memory: up to 5 bytes a pair and 65 a
        distinct pair; where keys differ in more than 31 bits, apart from a gap, 40 bytes a pair.

    Raises:
        ValueError: `higher` and `lower` are not of one length.
    """
    if higher.shape != lower.shape:
        raise ValueError(f"{higher.size} higher and {lower.size} lower documents")
    if higher.size == 0:
        return np.zeros(0, np.int64)
    higher, lower = np.ascontiguousarray(higher, np.uint64), np.ascontiguousarray(lower, np.uint64)
    shape = packing(higher, lower)
    if shape.bits > PACKED_BITS:
        index = order_by(higher, lower)
        first = np.ones(index.size, np.bool_)
        first[1:] = (np.diff(higher[index]) != 0) | (np.diff(lower[index]) != 0)
        return index[first]
    state = np.zeros(2, np.int64)
    slots = FEWEST_SLOTS
    while slots < higher.size // 8:
        slots *= 2
    rows, pairs = np.empty(0, np.int64), np.empty(0, np.uint64)
    while state[0] < higher.size:
        slots *= 2
        table = _table(slots)
        shift = np.uint64(64 - (slots // LINE - 1).bit_length())
        _fill(pairs[: state[1]], table, shift)
        room = slots * 3 // 4
        rows.resize(room, refcheck=False)
        pairs.resize(room, refcheck=False)
        _collect(higher, lower, shape, shift, table, rows, pairs, state)
    del table
    rows, pairs = rows[: state[1]], pairs[: state[1]]
    index = np.arange(rows.size)
    refine(pairs, index, one_run(rows.size))
    return rows[index]
