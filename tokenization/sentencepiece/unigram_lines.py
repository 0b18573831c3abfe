"""Encode documents with a unigram model, line by line, remembering the units seen lately.

A line is encoded for itself with the line ends behind it, so that it has the same ids wherever it stands. One of more
than `LINE_BYTES` is cut before its last space within them, or, where the second half of them has none, before the
character that does not fit. U+2581, which is a space to the model, is spelled in bytes and begins a line anew.

What may be remembered: no piece reaches from one unit into the next (see `joined_in_lines`), so the best path goes
through every border, and what stands before a unit bears on its ids only by the rounding of sums. `sure_path` says up
to where in a line that makes no difference; so far reaches what the cache says of a unit. Where it reaches no further
than the unit itself, two ways are equal or nearly so: then the cache holds what `exact_path` finds at the beginning of
a line, and elsewhere the line is gone through from its beginning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.bpe.unit_cache import UnitCache, copy_known, cut, look_up, remember, room
from tokenization.sentencepiece.unigram import SURE_BYTES, PathArrays, exact_path, path_arrays, sure_path, write_path
from tokenization.sentencepiece.unigram_tables import UnigramTables

LINE_BYTES = 1 << 16
"""Longer lines are cut, and so are runs of more line ends."""

_LINE_END = ord("\n")
_SPACE = ord(" ")


def line_arrays() -> PathArrays:
    """Scratch for `encode_lines`, 3 MB."""
    return path_arrays(2 * LINE_BYTES)


@kernel
def encode_lines(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    joined: NDArray[np.uint8],
    tables: UnigramTables,
    cache: UnitCache,
    arrays: PathArrays,
    out: NDArray[np.uint32],
    out_offsets: NDArray[np.int64],
) -> None:
    """Encode each document.

    Args:
        data: UTF-8, padded with 64 bytes behind the last document; bytes that are none are spelled.
        offsets: int64 [documents + 1].
        joined: uint8 [65536], from `joined_in_lines`.
        tables: the vocabulary.
        cache: what earlier calls saw; changed.
        arrays: from `line_arrays`.
        out: receives the ids; at least offsets[-1] - offsets[0] + `UNIT_IDS` places.
        out_offsets: int64 [documents + 1], receives where each document's ids begin.
    """
    place = 0
    for document in range(offsets.size - 1):
        out_offsets[document] = place
        start = offsets[document]
        stop = offsets[document + 1]
        while start < stop:
            end = lines_end(data, start, stop)
            place = _encode_block(data, start, end, joined, tables, cache, arrays, out, place)
            start = end
    out_offsets[offsets.size - 1] = place


@kernel
def lines_end(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """Where some whole lines end, of which only a single one may be cut; `start` is the beginning of a line."""
    if stop - start <= LINE_BYTES:
        return stop
    end = start + LINE_BYTES
    while end > start and not (data[end - 1] == _LINE_END and data[end] != _LINE_END):
        end -= 1
    if end > start:
        return end
    end = start
    while end < stop and end - start < LINE_BYTES and data[end] != _LINE_END:
        end += 1
    if end < stop and data[end] != _LINE_END:
        return _cut(data, start, end)
    most = min(stop, end + LINE_BYTES)
    while end < most and data[end] == _LINE_END:
        end += 1
    return end


@kernel
def _cut(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Where to cut a line that goes on at `end`: before a space, or else before a character."""
    if data[end] != _SPACE:
        for space in range(end - 1, start + LINE_BYTES // 2 - 1, -1):
            if data[space] == _SPACE:
                return space
    for back in range(4):  # no character is longer
        if data[end - back] & 0xC0 != 0x80:
            return end - back
    return end


@kernel
def _encode_block(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    joined: NDArray[np.uint8],
    tables: UnigramTables,
    cache: UnitCache,
    arrays: PathArrays,
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Encode the lines data[start:stop] into out[place:]; the place behind the last id."""
    since = known = start  # where the line begins, and up to where in it the sum is known
    total = np.float32(0)  # there
    none = tables.paths.scores.size - 1
    while start < stop:
        units = cut(data, start, stop, joined, cache.ends)
        look_up(data, start, units, cache)
        unit = missing = 0
        while True:
            unit, start, missing, place, row, since = copy_known(
                data, start, unit, units, missing, cache, out, place, since
            )
            if unit == units:
                break
            end = cache.ends[unit]
            size = end - start
            origin = start
            reach = sure_path(data, start, end, tables.paths, arrays.doubles, arrays.steps) if size <= SURE_BYTES else 0
            if reach < size and start == since:
                total = exact_path(data, start, end, np.float32(0), tables.paths, arrays.best, arrays.steps)
                known = end
                reach = size
            elif end - since > reach:
                if known <= since:
                    known = since
                    total = np.float32(0)
                origin = known
                total = exact_path(data, origin, end, total, tables.paths, arrays.best, arrays.steps)
                known = end
                row = -1
            first = place
            place = write_path(data, origin, start, end, tables.byte_ids, none, arrays.steps, out, place)
            if row >= 0 and place - first <= room(size):
                remember(data, start, size, out[first:place], reach, cache, row)
            start = end
            unit += 1
            if data[end - 1] == _LINE_END:
                since = end
    return place
