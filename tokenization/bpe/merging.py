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
from tokenization.bpe.tables import NO_MERGE, NO_PIECE, BpeTables, FixedPieces, MergeTables, merge_of
from tokenization.utf8 import character_bytes, checked_code_point

WINDOW = 64
"""Symbols merged at a time: characters, or bytes where the vocabulary starts from those."""

_RANK_SHIFT = 32
_ID_MASK = np.uint64((1 << 32) - 1)
_PLACE_MASK = (1 << 32) - 1
_NEVER = np.int64(0x7FFFFFFFFFFFFFFF)

# Rows of the work array, int64 [8, window + 1]. Two windows are held, the second in the rows behind the first's.
_SYMBOLS = 0  # id of each symbol, or NO_PIECE
_STARTS = 2  # where it starts; one more entry says where the last one ends
_NEXT = 4
_PREVIOUS = 5
_KEYS = 6  # rank << 32 | index of the merge with the next symbol: the least is the one to do first
_MERGED = 7  # id of its result
_ROWS = 8


def work_array() -> NDArray[np.int64]:
    """Scratch for `encode_unit`: two windows."""
    return np.empty((_ROWS, WINDOW + 1), np.int64)


@kernel
def encode_unit(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: BpeTables,
    work: NDArray[np.int64],
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Encode data[start:end] into out[place:].

    Args:
        data: UTF-8; bytes that are none are spelled one by one.
        start: a place that no piece reaches across.
        end: another one.
        tables: the vocabulary.
        work: from `work_array`; changed.
        out: room for end - start ids.
        place: where in `out` to begin.

    Returns:
        The place behind the last id written.
    """
    starts = tables.fixed.starts
    begin = at = start
    while at < end:
        if starts[data[at]]:
            piece = _fixed_at(data, at, end, tables.fixed)
            if piece >= 0:
                place = _encode_stretch(data, begin, at, tables.merging, work, out, place)
                out[place] = tables.fixed.ids[piece]
                place += 1
                at += tables.fixed.offsets[piece + 1] - tables.fixed.offsets[piece]
                begin = at
                continue
        at += character_bytes(data[at])
    return int(_encode_stretch(data, begin, end, tables.merging, work, out, place))


@kernel
def _fixed_at(data: NDArray[np.uint8], at: int, end: int, fixed: FixedPieces) -> int:
    """The longest fixed piece at a place, or -1."""
    for piece in range(fixed.ids.size):
        first = fixed.offsets[piece]
        size = fixed.offsets[piece + 1] - first
        if at + size <= end:
            same = 0
            while same < size and data[at + same] == fixed.data[first + same]:
                same += 1
            if same == size:
                return piece
    return -1


@kernel
def _encode_stretch(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: MergeTables,
    work: NDArray[np.int64],
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Encode data[start:end], which holds no fixed piece, into out[place:]."""
    if start == end:
        return place
    done = _encode_windows(data, start, end, tables, work, out, place)
    window = WINDOW
    while done < 0:
        window *= 4  # up to the whole stretch, which needs no splice
        done = _encode_windows(data, start, end, tables, np.empty((_ROWS, window + 1), np.int64), out, place)
    return int(done)


@kernel
def _encode_windows(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: MergeTables,
    work: NDArray[np.int64],
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Encode with windows that fill the work array; -1 when two neighbouring windows share no piece."""
    now = 0
    count = _merge_window(data, start, end, tables, work, now)
    first = 0
    while work[_STARTS + now, count] < end:
        # Begin the next window at a symbol in the last quarter: what follows the window may still change its tail.
        turn = work[_STARTS + now, first] + 3 * (work[_STARTS + now, count] - work[_STARTS + now, first]) // 4
        mine = first
        while mine < count - 1 and work[_STARTS + now, mine] < turn:
            mine += 1
        if mine == 0:
            return -1  # the whole window is one symbol
        other = 1 - now
        others = _merge_window(data, work[_STARTS + now, mine], end, tables, work, other)
        theirs = 0
        while mine < count and theirs < others:
            ahead = work[_STARTS + now, mine] - work[_STARTS + other, theirs]
            if (
                ahead == 0
                and work[_SYMBOLS + now, mine] == work[_SYMBOLS + other, theirs]
                and work[_STARTS + now, mine + 1] == work[_STARTS + other, theirs + 1]
            ):
                break
            mine += ahead <= 0
            theirs += ahead >= 0
        if mine == count or theirs == others:
            return -1
        place = _emit(data, tables, work, now, first, mine, out, place)
        now, count, first = other, others, theirs
    return int(_emit(data, tables, work, now, first, count, out, place))


@kernel
def _merge_window(
    data: NDArray[np.uint8], start: int, end: int, tables: MergeTables, work: NDArray[np.int64], side: int
) -> int:
    """Merge the symbols from `start` on, as many as the work array takes; the number of those that are left."""
    pairs = tables.pairs
    first_ids = tables.byte_ids if tables.bytewise else tables.character_ids
    symbols = _SYMBOLS + side
    starts = _STARTS + side
    size = 0
    at = start
    while at < end and size < work.shape[1] - 1:
        step = 1
        point = np.int64(data[at])
        if not tables.bytewise:
            point = checked_code_point(data, at, end)
            step = character_bytes(data[at]) if point >= 0 else 1  # a byte outside any character is spelled
        work[symbols, size] = first_ids[point] if point >= 0 else NO_PIECE
        work[starts, size] = at
        work[_NEXT, size] = size + 1
        work[_PREVIOUS, size] = size - 1
        at += step
        size += 1
    work[starts, size] = at
    work[_KEYS, size - 1] = _NEVER
    ascii_merges = tables.ascii_merges
    for i in range(size - 1):
        first = np.int64(data[work[starts, i]])
        second = np.int64(data[work[starts, i + 1]])
        if first | second < 0x80:
            merge = ascii_merges[first << 7 | second]
        else:
            merge = merge_of(pairs, work[symbols, i], work[symbols, i + 1])
        work[_KEYS, i] = _key(merge, i)
        work[_MERGED, i] = np.int64(merge & _ID_MASK)
    while True:
        least = _NEVER
        for i in range(size):
            least = min(least, work[_KEYS, i])
        if least == _NEVER:
            break
        at = least & _PLACE_MASK
        gone = work[_NEXT, at]
        after = work[_NEXT, gone]
        before = work[_PREVIOUS, at]
        work[symbols, at] = work[_MERGED, at]
        work[_KEYS, gone] = _NEVER
        work[_KEYS, at] = _NEVER
        work[_NEXT, at] = after
        if after < size:
            work[_PREVIOUS, after] = at
            merge = merge_of(pairs, work[symbols, at], work[symbols, after])
            work[_KEYS, at] = _key(merge, at)
            work[_MERGED, at] = np.int64(merge & _ID_MASK)
        if before >= 0:
            merge = merge_of(pairs, work[symbols, before], work[symbols, at])
            work[_KEYS, before] = _key(merge, before)
            work[_MERGED, before] = np.int64(merge & _ID_MASK)
    count = 0
    at = 0
    while at < size:
        work[symbols, count] = work[symbols, at]
        work[starts, count] = work[starts, at]
        count += 1
        at = work[_NEXT, at]
    work[starts, count] = work[starts, size]
    return count


@kernel
def _key(merge: np.uint64, index: int) -> int:
    if merge == NO_MERGE:
        return _NEVER
    return np.int64(merge >> np.uint64(_RANK_SHIFT)) << _RANK_SHIFT | index


@kernel
def _emit(
    data: NDArray[np.uint8],
    tables: MergeTables,
    work: NDArray[np.int64],
    side: int,
    first: int,
    last: int,
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Write the ids of a window's symbols from `first` to before `last`; one without a piece is spelled in bytes."""
    for i in range(first, last):
        if work[_SYMBOLS + side, i] == NO_PIECE:
            for at in range(work[_STARTS + side, i], work[_STARTS + side, i + 1]):
                out[place] = tables.byte_ids[data[at]]
                place += 1
        else:
            out[place] = work[_SYMBOLS + side, i]
            place += 1
    return place
