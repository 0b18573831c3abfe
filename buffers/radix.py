"""Sorting rows by several uint64 columns, one column at a time, for kernels and for callers of kernels.

Rows are an array of indices. Sorting them by one column leaves runs of rows that are equal so far, and the next
column only has to sort inside those runs. In most data few runs are left after the first columns, so a column
is read only where it decides something.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel

U64s: TypeAlias = NDArray[np.uint64]
I64s: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.uint8]

SMALL = 16
"""Runs of at most so many rows are sorted by insertion."""

LARGEST_DIGIT = 9
"""Bits of a digit at most: 512 buckets are written to at once, whose ends the first cache holds twice over."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def highest_bit(value: np.uint64) -> int:
    """The place of the highest set bit, 0 to 63; 0 for a value of 0."""
    place = 0
    for step in (32, 16, 8, 4, 2, 1):
        if value >> np.uint64(step):
            value >>= np.uint64(step)
            place += step
    return place


@kernel
def _insert(values: U64s, index: I64s, first: int, last: int) -> None:
    """Sort values[first:last] with their indices; equal values keep their order."""
    for row in range(first + 1, last):
        value = values[row]
        if values[row - 1] <= value:
            continue
        carried = index[row]
        place = row
        while place > first and values[place - 1] > value:
            values[place] = values[place - 1]
            index[place] = index[place - 1]
            place -= 1
        values[place] = value
        index[place] = carried


@kernel
def _sort(values: U64s, index: I64s, spare_values: U64s, spare_index: I64s, ends: I64s, waiting: I64s) -> None:
    """Sort `values` in place, and `index` along with them; equal values keep their order.

    A radix sort from the highest digit in which the values differ. Digits without differences are not looked at,
    so sorted values cost one pass and small numbers two.

    Args:
        values: uint64 [n].
        index: int64 [n].
        spare_values, spare_index: as long as the others or longer; overwritten.
        ends: int64 [1 << LARGEST_DIGIT]; overwritten.
        waiting: int64 [n // SMALL + 1, 2]; overwritten. Ranges that wait are disjoint and each longer than SMALL.
    """
    waiting[0, 0] = 0
    waiting[0, 1] = values.size
    depth = 1
    while depth:
        depth -= 1
        first = waiting[depth, 0]
        last = waiting[depth, 1]
        differing = _ZERO
        descents = 0
        for row in range(first + 1, last):
            differing |= values[row] ^ values[first]
            descents += values[row] < values[row - 1]
        if descents == 0:
            continue
        top = highest_bit(differing) + 1
        bits = min(top, LARGEST_DIGIT, highest_bit(np.uint64(last - first)) - 1)
        shift = np.uint64(top - bits)
        mask = (_ONE << np.uint64(bits)) - _ONE
        buckets = 1 << bits
        ends[:buckets] = 0
        for row in range(first, last):
            ends[(values[row] >> shift) & mask] += 1
        start = first
        for bucket in range(buckets):
            size = ends[bucket]
            ends[bucket] = start
            start += size
        for row in range(first, last):
            value = values[row]
            digit = (value >> shift) & mask
            place = ends[digit]
            ends[digit] = place + 1
            spare_values[place] = value
            spare_index[place] = index[row]
        values[first:last] = spare_values[first:last]
        index[first:last] = spare_index[first:last]
        if shift == _ZERO:
            continue
        start = first
        for bucket in range(buckets):
            end = ends[bucket]
            if end - start > SMALL:
                waiting[depth, 0] = start
                waiting[depth, 1] = end
                depth += 1
            elif end - start > 1:
                _insert(values, index, start, end)
            start = end


@kernel
def _longest_run(starts: Flags) -> int:
    longest = 0
    first = 0
    for row in range(1, starts.size + 1):
        if row == starts.size or starts[row]:
            longest = max(longest, row - first)
            first = row
    return longest


@kernel
def _refine(column: U64s, index: I64s, starts: Flags) -> None:
    longest = _longest_run(starts)
    if longest < 2:
        return
    values = np.empty(longest, np.uint64)
    spare_values = np.empty(longest, np.uint64)
    spare_index = np.empty(longest, np.int64)
    ends = np.empty(1 << LARGEST_DIGIT, np.int64)
    waiting = np.empty((longest // SMALL + 1, 2), np.int64)
    first = 0
    for row in range(1, starts.size + 1):
        if row < starts.size and not starts[row]:
            continue
        size = row - first
        if size > 1:
            for place in range(size):
                values[place] = column[index[first + place]]
            if size <= SMALL:
                _insert(values, index[first:row], 0, size)
            else:
                _sort(values[:size], index[first:row], spare_values, spare_index, ends, waiting)
            for place in range(1, size):
                starts[first + place] = values[place] != values[place - 1]
        first = row


def refine(column: U64s, index: I64s, starts: Flags) -> None:
    """Sort the rows of each run by a column, and split the run where the column's values differ. In place.

    Equal rows keep their order. Memory: 24 bytes a row of the longest run.

    Args:
        column: uint64 [rows of the table].
        index: int64 [n], rows of the table.
        starts: uint8 [n], 1 where a run of rows begins that are equal in the columns before. The first row begins
            one whatever it says.
    """
    _refine(np.ascontiguousarray(column, np.uint64), index, starts)


def one_run(rows: int) -> Flags:
    """`starts` of rows of which nothing is known yet: uint8 [rows]."""
    starts = np.zeros(rows, np.uint8)
    starts[:1] = 1
    return starts


def order_by(*columns: U64s) -> I64s:
    """Rows in ascending order of the first column, among equals of the second, and so on; int64 [n].

    Rows that are equal in all columns keep their order: np.lexsort of the columns in reverse.
    """
    index = np.arange(columns[0].size)
    starts = one_run(index.size)
    for column in columns:
        refine(column, index, starts)
    return index
