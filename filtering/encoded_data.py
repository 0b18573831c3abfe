"""Encoded data in text: base64 and long hexadecimal strings, lists of byte values, runs of escapes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes, base64_mask, leading_zeros, trailing_zeros, x_or_u_mask, zero_or_backslash_mask
from buffers.texts import Texts

I64s: TypeAlias = NDArray[np.int64]

COLUMNS = ("encoded_bytes", "longest_encoded_run")
"""What is counted, in the order of the columns of `count_encoded`.

Encoded are: runs of at least `BASE64_RUN` bytes of [A-Za-z0-9+/], with the "=" behind them, that hold a digit and are
hexadecimal throughout or hold both cases of letters (a long path or identifier seldom does); and at least `ESCAPES`
units `\\xHH`, `0xHH` or `\\uHHHH` (H: a hexadecimal digit), alike in kind, with at most `GAP` bytes between any two.

- encoded_bytes: bytes of all of these.
- longest_encoded_run: bytes of the longest one. Base64 runs with at most `GAP` bytes between them (a line's end, its
  indentation, quotes) are one run, counted without the gaps.
"""

BASE64_RUN = 64
ESCAPES = 8
GAP = 8

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def _is_encoded(data: Bytes, start: int, stop: int) -> bool:
    digit = lower = upper = False
    hexadecimal = True
    for place in range(start, stop):
        byte = data[place]
        if 48 <= byte <= 57:
            digit = True
        elif 97 <= byte <= 122:
            lower = True
            hexadecimal &= byte <= 102
        elif 65 <= byte <= 90:
            upper = True
            hexadecimal &= byte <= 70
        else:
            hexadecimal = False
    return digit and (hexadecimal or (lower and upper))


@kernel
def _base64(data: Bytes, start: int, stop: int, row: I64s) -> None:
    """Add the base64 runs of one document to its row.

    A run of 64 bytes or more reaches over the edge of a block of 64, so only the runs at edges need a look.
    """
    run_start = start  # of the run that reaches up to the present block
    chain = 0
    chain_end = -GAP - 1
    place = start
    while place <= stop:  # one block more than needed where the text ends with a block, so that its run is closed
        mask = _ZERO
        if place < stop:
            mask = base64_mask(data, place)
            if stop - place < 64:
                mask &= (_ONE << np.uint64(stop - place)) - _ONE
        if mask != _ALL:
            run_stop = place + trailing_zeros(~mask)
            if run_stop - run_start >= BASE64_RUN and _is_encoded(data, run_start, run_stop):
                for _ in range(2):
                    if run_stop < stop and data[run_stop] == 61:  # "="
                        run_stop += 1
                length = run_stop - run_start
                if run_start - chain_end > GAP:
                    chain = 0
                chain += length
                chain_end = run_stop
                row[0] += length
                row[1] = max(row[1], chain)
            run_start = place + 64 - leading_zeros(~mask)
        place += 64


@kernel
def _hex_digits(data: Bytes, start: int, stop: int) -> int:
    """Hexadecimal digits from `start` on, four at most."""
    count = 0
    while count < 4 and start + count < stop:
        byte = data[start + count]
        if not (48 <= byte <= 57 or 97 <= byte <= 102 or 65 <= byte <= 70):
            break
        count += 1
    return count


@kernel
def _escapes(data: Bytes, start: int, stop: int, row: I64s) -> None:
    kind = 0
    units = 0
    first = last = start
    before_block = _ZERO  # bit 0: the byte before this block is "0" or "\\"
    for place in range(start, stop, 64):
        opening = zero_or_backslash_mask(data, place)
        found = x_or_u_mask(data, place) & ((opening << _ONE) | before_block)
        before_block = opening >> np.uint64(63)
        if stop - place < 64:
            found &= (_ONE << np.uint64(stop - place)) - _ONE
        while found != _ZERO:
            at = place + trailing_zeros(found)
            found &= found - _ONE
            before = data[at - 1]
            unit = 0
            length = 2
            if data[at] == 117:  # "u"
                if before == 92:
                    unit = 3
                    length = 4
            elif before == 92:  # "\\"
                unit = 1
            elif before == 48:  # "0"
                unit = 2
            if unit == 0 or _hex_digits(data, at + 1, stop) < length:
                continue
            if unit != kind or at - 1 - last > GAP:
                if units >= ESCAPES:
                    row[0] += last - first
                    row[1] = max(row[1], last - first)
                kind = unit
                units = 0
                first = at - 1
            units += 1
            last = at + 1 + length
    if units >= ESCAPES:
        row[0] += last - first
        row[1] = max(row[1], last - first)


@kernel
def _count(data: Bytes, offsets: I64s, counts: I64s) -> None:
    for document in range(offsets.size - 1):
        _base64(data, offsets[document], offsets[document + 1], counts[document])
        _escapes(data, offsets[document], offsets[document + 1], counts[document])


def count_encoded(texts: Texts) -> I64s:
    """Count encoded data; int64 [documents, len(COLUMNS)]."""
    counts = np.zeros((len(texts), len(COLUMNS)), np.int64)
    _count(texts.data, texts.offsets, counts)
    return counts
