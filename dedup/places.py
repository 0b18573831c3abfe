"""Places: where in a list of documents the documents of pairs are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.prefetch import prefetch

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]

UNKNOWN = -1
BLOCK = 64

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def _slot_of(key: np.uint64, shift: np.uint64) -> np.uint64:
    return (key * _SPREAD) >> shift


@kernel
def _list(keys: U64s, shift: np.uint64, table: U64s) -> int:
    """Enter keys; table is [slots, 2], key and place + 1, zeros where free. Returns how many are there already."""
    wrap = np.uint64(table.shape[0] - 1)
    again = 0
    for first in range(0, keys.size, BLOCK):
        last = min(first + BLOCK, keys.size)
        for place in range(first, last):
            prefetch(table, np.uint64(2) * _slot_of(keys[place], shift))
        for place in range(first, last):
            slot = _slot_of(keys[place], shift)
            while table[slot, 1] != _ZERO and table[slot, 0] != keys[place]:
                slot = (slot + _ONE) & wrap
            again += table[slot, 1] != _ZERO
            table[slot, 0] = keys[place]
            table[slot, 1] = np.uint64(place + 1)
    return again


@kernel
def _find(wanted: U64s, shift: np.uint64, table: U64s, places: I64s) -> int:
    """Look keys up; returns how many are not there."""
    wrap = np.uint64(table.shape[0] - 1)
    missing = 0
    for first in range(0, wanted.size, BLOCK):
        last = min(first + BLOCK, wanted.size)
        for row in range(first, last):
            prefetch(table, np.uint64(2) * _slot_of(wanted[row], shift))
        for row in range(first, last):
            slot = _slot_of(wanted[row], shift)
            while table[slot, 1] != _ZERO and table[slot, 0] != wanted[row]:
                slot = (slot + _ONE) & wrap
            places[row] = np.int64(table[slot, 1]) - 1
            missing += table[slot, 1] == _ZERO
    return missing


class Places:
    """Where each of a list of keys is. Memory: 32 to 64 bytes a key."""

    def __init__(self, keys: U64s) -> None:
        """Enter the keys, uint64 [n].

        Raises:
            ValueError: a key stands in the list twice.
        """
        bits = max(1, (2 * keys.size - 1).bit_length())
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros((1 << bits, 2), np.uint64)
        if _list(np.ascontiguousarray(keys, np.uint64), self._shift, self._table):
            raise ValueError("a document is listed twice")

    def of(self, wanted: U64s) -> tuple[I64s, int]:
        """Look keys up.

        Args:
            wanted: uint64 [m].

        Returns:
            (places, missing): int64 [m], -1 for keys that are not in the list; how many those are.
        """
        places = np.empty(wanted.size, np.int64)
        return places, _find(np.ascontiguousarray(wanted, np.uint64), self._shift, self._table, places)
