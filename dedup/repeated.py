"""Values that occur more than once: what is unique has no duplicates and need not be ranked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.radix import Flags, one_run, refine

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]
Bytes = NDArray[np.uint8]

SLOTS_PER_VALUE = 8
"""Of the counting filter, at least: of values that occur once, one in 8 to 16 shares a slot and is sorted in vain."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint8(1)
_TWICE = np.uint8(2)
_LAST_TWO = np.uint64(3)
_TWO = np.uint64(2)


@kernel
def _count(values: U64s, shift: np.uint64, counts: Bytes) -> None:
    """Count values by slot up to two, in two bits each: 00, 01, 11."""
    for row in range(values.size):
        slot = (values[row] * _SPREAD) >> shift
        bit = _ONE << np.uint8((slot & _LAST_TWO) << np.uint64(1))
        held = counts[slot >> _TWO]
        counts[slot >> _TWO] = held | bit | ((held & bit) << _ONE)


@kernel
def _suspects(values: U64s, shift: np.uint64, counts: Bytes, found: I64s) -> int:
    """Write the rows whose slot was counted twice to the front of `found`; returns their number."""
    kept = 0
    for row in range(values.size):
        slot = (values[row] * _SPREAD) >> shift
        # No branch: whether a value is repeated cannot be predicted.
        found[kept] = row
        kept += (counts[slot >> _TWO] >> np.uint8((slot & _LAST_TWO) << np.uint64(1))) >> _ONE & _ONE
    return kept


@kernel
def _drop_singles(index: I64s, starts: Flags) -> int:
    """Move the runs of more than one row to the front, in their order; returns how many rows they have."""
    kept = 0
    for row in range(index.size):
        alone = starts[row] and (row + 1 == index.size or starts[row + 1])
        index[kept] = index[row]
        starts[kept] = starts[row]
        kept += not alone
    return kept


def repeated_runs(values: U64s) -> tuple[I64s, Flags]:
    """The rows of values that occur more than once, equal values together.

    A counting filter first throws out nearly all values that occur once, so that only the others are sorted.

    Args:
        values: uint64 [n]. Memory: 10 to 12 bytes a value, and 40 a value that is sorted.

    Returns:
        (index, starts): int64 [m] rows by ascending value, equal ones by ascending row; uint8 [m], 1 where a run
        of equal values begins.
    """
    values = np.ascontiguousarray(values, np.uint64)
    # Whole bytes of four slots: at least 8 of them, so that the shift is below 64.
    bits = max(5, (values.size * SLOTS_PER_VALUE - 1).bit_length())
    shift = np.uint64(64 - bits)
    counts = np.zeros(1 << (bits - 2), np.uint8)
    _count(values, shift, counts)
    index = np.empty(values.size + 1, np.int64)
    index = index[: _suspects(values, shift, counts, index)].copy()
    starts = one_run(index.size)
    refine(values, index, starts)
    kept = _drop_singles(index, starts)
    return index[:kept], starts[:kept]
