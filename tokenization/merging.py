"""Byte-pair merging of a stretch of text, exact, in time proportional to its length.

Merging is quadratic in the number of symbols, so a long stretch is merged window by window. What makes that exact:

*A sequence of pieces is what merging gives for its text if and only if that holds for every two neighbours alone.*
Merges are chosen by rank, leftmost first, so the merges within any part happen in the same order with and without the
rest, up to the first one that reaches over the part's border. If the whole text merged differently from the
sequence, look at the first merge over one of its borders: until then both neighbours have gone through the same
states as they would as a pair alone, so the pair alone would have merged there too.

Hence two windows that contain the same piece at the same place can be spliced at it: each neighbouring pair
of the result stood in one of the two windows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.bpe_tables import NO_PIECE, BpeTables, merge_of

WINDOW = 64
"""Characters merged at a time."""

_RANK_SHIFT = np.uint64(32)


@kernel
def encode_unit(
    data: NDArray[np.uint8], start: int, end: int, tables: BpeTables, out: NDArray[np.uint32], place: int
) -> int:
    """Encode data[start:end] into out[place:].

    Args:
        data: UTF-8.
        start: a place where `BpeTables.joined` allows a cut.
        end: another one.
        tables: the vocabulary.
        out: room for end - start ids.
        place: where in `out` to begin.

    Returns:
        The place behind the last id written.
    """
    begin = at = start
    while at < end:
        if tables.fixed_first[data[at]]:
            piece = _fixed_at(data, at, end, tables)
            if piece >= 0:
                place = _encode_stretch(data, begin, at, tables, out, place)
                out[place] = tables.fixed_ids[piece]
                place += 1
                at += tables.fixed_offsets[piece + 1] - tables.fixed_offsets[piece]
                begin = at
                continue
        at += _character_bytes(data[at])
    return int(_encode_stretch(data, begin, end, tables, out, place))


@kernel
def _fixed_at(data: NDArray[np.uint8], at: int, end: int, tables: BpeTables) -> int:
    """The longest fixed piece at a place, or -1."""
    for piece in range(tables.fixed_ids.size):
        first = tables.fixed_offsets[piece]
        size = tables.fixed_offsets[piece + 1] - first
        if at + size <= end:
            same = 0
            while same < size and data[at + same] == tables.fixed_bytes[first + same]:
                same += 1
            if same == size:
                return piece
    return -1


@kernel
def _encode_stretch(
    data: NDArray[np.uint8], start: int, end: int, tables: BpeTables, out: NDArray[np.uint32], place: int
) -> int:
    """Encode data[start:end], which holds no fixed piece, into out[place:]."""
    if start == end:
        return place
    window = WINDOW
    while True:
        done = _encode_windows(data, start, end, tables, out, place, window)
        if done >= 0:
            return int(done)
        window *= 4  # up to the whole stretch, which needs no splice


@kernel
def _encode_windows(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: BpeTables,
    out: NDArray[np.uint32],
    place: int,
    window: int,
) -> int:
    """Encode with windows of a given size; -1 when two neighbouring windows share no piece."""
    symbols = np.empty((2, window), np.int32)
    places = np.empty((2, window + 1), np.int64)  # where each symbol starts, and where the last one ends
    merges = np.empty(window, np.uint64)
    now = 0
    count = _merge_window(data, start, end, tables, symbols[now], places[now], merges)
    first = 0
    while places[now, count] < end:
        # Begin the next window at a symbol in the last quarter: what follows the window may still change its tail.
        turn = places[now, first] + 3 * (places[now, count] - places[now, first]) // 4
        low = first
        while low < count - 1 and places[now, low] < turn:
            low += 1
        if places[now, low] == places[now, 0]:
            return -1  # no progress: the window is too short for its pieces
        other = 1 - now
        others = _merge_window(data, places[now, low], end, tables, symbols[other], places[other], merges)
        shared = 0
        while low < count and shared < others:
            if places[now, low] < places[other, shared]:
                low += 1
            elif places[now, low] > places[other, shared]:
                shared += 1
            elif symbols[now, low] == symbols[other, shared] and places[now, low + 1] == places[other, shared + 1]:
                break
            else:
                low += 1
                shared += 1
        if low == count or shared == others:
            return -1
        place = _emit(data, tables, symbols[now], places[now], first, low, out, place)
        now, count, first = other, others, shared
    return int(_emit(data, tables, symbols[now], places[now], first, count, out, place))


@kernel
def _merge_window(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: BpeTables,
    symbols: NDArray[np.int32],
    places: NDArray[np.int64],
    merges: NDArray[np.uint64],
) -> int:
    """Merge the characters from `start` on, as many as fit the arrays; the number of symbols that are left."""
    count = 0
    at = start
    while at < end and count < symbols.size:
        symbols[count] = tables.character_ids[_code_point(data, at)]
        places[count] = at
        at += _character_bytes(data[at])
        count += 1
    places[count] = at
    for i in range(count - 1):
        merges[i] = merge_of(tables, symbols[i], symbols[i + 1])
    while count > 1:
        best = 0
        for i in range(1, count - 1):
            if merges[i] >> _RANK_SHIFT < merges[best] >> _RANK_SHIFT:
                best = i
        if merges[best] == np.uint64(0xFFFFFFFFFFFFFFFF):
            break
        symbols[best] = np.int32(merges[best] & np.uint64(0xFFFFFFFF))
        count -= 1
        for i in range(best + 1, count):
            symbols[i] = symbols[i + 1]
            places[i] = places[i + 1]
            merges[i - 1] = merges[i]
        places[count] = at
        if best > 0:
            merges[best - 1] = merge_of(tables, symbols[best - 1], symbols[best])
        if best < count - 1:
            merges[best] = merge_of(tables, symbols[best], symbols[best + 1])
    return count


@kernel
def _emit(
    data: NDArray[np.uint8],
    tables: BpeTables,
    symbols: NDArray[np.int32],
    places: NDArray[np.int64],
    first: int,
    last: int,
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Write the ids of symbols[first:last]; a character without a piece is spelled in bytes."""
    for i in range(first, last):
        if symbols[i] == NO_PIECE:
            for at in range(places[i], places[i + 1]):
                out[place] = tables.byte_ids[data[at]]
                place += 1
        else:
            out[place] = symbols[i]
            place += 1
    return place


@kernel
def _character_bytes(first: int) -> int:
    """Bytes of the UTF-8 character that starts with a byte."""
    if first < 0xC0:
        return 1
    if first < 0xE0:
        return 2
    return 3 if first < 0xF0 else 4


@kernel
def _code_point(data: NDArray[np.uint8], at: int) -> int:
    """The code point that starts at a place of valid UTF-8."""
    first = np.int64(data[at])
    if first < 0x80:
        return first
    if first < 0xE0:
        return (first & 0x1F) << 6 | data[at + 1] & 0x3F
    if first < 0xF0:
        return (first & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | data[at + 2] & 0x3F
    return (
        (first & 0x07) << 18 | (data[at + 1] & 0x3F) << 12 | (data[at + 2] & 0x3F) << 6 | data[at + 3] & 0x3F
    ) & 0x1FFFFF
