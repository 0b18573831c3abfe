"""Packing: document keys made shorter, so that a pair of them fits in one number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel

U64s = NDArray[np.uint64]

_ZERO = np.uint64(0)
_ONE = np.uint64(1)


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


def _layout(differing: int) -> Packing:
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


def packing(one: U64s, other: U64s) -> Packing:
    """The packing for the keys of two arrays, uint64 [n] each, n at least 1."""
    return _layout(int(_differing(one, other)))


@kernel
def pack(key: np.uint64, low: np.uint64, high: np.uint64, mask: np.uint64) -> np.uint64:
    """A key made shorter: `low`, `high` and `mask` of its packing."""
    return ((key >> high) & mask) << low | (key & ((_ONE << low) - _ONE))
