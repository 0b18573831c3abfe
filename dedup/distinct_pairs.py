"""Distinct pairs: a pair of documents that shares several bands is found several times and verified once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.prefetch import prefetch
from buffers.radix import one_run, order_by, refine

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]

PACKED_BITS = 31
"""Of a document key at most, so that a packed pair leaves one value free."""

FEWEST_SLOTS = 1 << 10
BLOCK = 128
LINE = 8
"""Slots of a cache line."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_LINE_BITS = np.uint64(3)


class Packing(NamedTuple):
    """How a document key is made shorter, without changing which of two is smaller.

    The keys of one call agree in their highest bits, and in the bits between block and row numbers. What is kept
    are `low` bits, and above the gap of equal bits those from `high` on.

    Attributes:
        bits: width of a packed key.
        low: how many of the lowest bits are kept.
        high: the first bit above the gap.
        mask: of the bits kept from `high` on, once they are shifted down.
    """

    bits: int
    low: np.uint64
    high: np.uint64
    mask: np.uint64


@kernel
def _differing(one: U64s, other: U64s) -> np.uint64:
    """The bits in which not all keys agree."""
    found = _ZERO
    for row in range(one.size):
        found |= (one[row] ^ one[0]) | (other[row] ^ one[0])
    return found


def _packing(differing: int) -> Packing:
    """Leave out the highest bits without differences, and the longest gap of such bits below them."""
    top = differing.bit_length()
    low = high = place = 0
    while place < top:
        end = place
        while end < top and not differing >> end & 1:
            end += 1
        if end - place > high - low:
            low, high = place, end
        place = end + 1
    return Packing(
        bits=top - (high - low), low=np.uint64(low), high=np.uint64(high), mask=np.uint64((1 << (top - high)) - 1)
    )


@kernel
def _pack(key: np.uint64, low: np.uint64, high: np.uint64, mask: np.uint64) -> np.uint64:
    return ((key >> high) & mask) << low | (key & ((_ONE << low) - _ONE))


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
    packing: tuple[np.uint64, np.uint64, np.uint64, np.uint64],
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
    width, low, high, mask = packing
    packed = np.empty(BLOCK, np.uint64)
    unsure = np.empty(BLOCK, np.int64)
    first = state[0]
    found = state[1]
    while first < higher.size and found + BLOCK <= rows.size:
        size = min(BLOCK, higher.size - first)
        for place in range(size):
            pair = _pack(higher[first + place], low, high, mask) << width | _pack(lower[first + place], low, high, mask)
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
        int64 [d], the first row of each distinct pair, by (higher, lower). Memory: about 50 bytes a distinct
        pair, whatever n is; where the keys have more than 31 bits that differ, 40 bytes a row.

    Raises:
        ValueError: `higher` and `lower` are not of one length.
    """
    if higher.shape != lower.shape:
        raise ValueError(f"{higher.size} higher and {lower.size} lower documents")
    if higher.size == 0:
        return np.zeros(0, np.int64)
    higher, lower = np.ascontiguousarray(higher, np.uint64), np.ascontiguousarray(lower, np.uint64)
    packing = _packing(int(_differing(higher, lower)))
    if packing.bits > PACKED_BITS:
        index = order_by(higher, lower)
        first = np.ones(index.size, np.bool_)
        first[1:] = (np.diff(higher[index]) != 0) | (np.diff(lower[index]) != 0)
        return index[first]
    parameters = (np.uint64(packing.bits), packing.low, packing.high, packing.mask)
    state = np.zeros(2, np.int64)
    slots = FEWEST_SLOTS
    while slots < higher.size // 16:
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
        _collect(higher, lower, parameters, shift, table, rows, pairs, state)
    del table
    rows, pairs = rows[: state[1]], pairs[: state[1]]
    index = np.arange(rows.size)
    refine(pairs, index, one_run(rows.size))
    return rows[index]
