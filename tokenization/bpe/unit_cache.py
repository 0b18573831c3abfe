"""Encode documents unit by unit, remembering the units seen lately.

A unit is a stretch of text between two places where no piece reaches across, so encoding units alone gives the ids of
the whole text: with SentencePiece what lies between two bytes that no piece holds in a row, with GPT-2 a word. Most
units of a text are among a few thousand: they are looked up by their bytes. What the cache holds at any moment changes
how fast an answer comes, never the answer.

The ids of a unit may hang on where it stands (see `unigram.py`). It is then kept with a reach: they hold good when the
unit ends at most so many bytes behind the beginning of its line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import load_u64
from buffers.mix import fold_multiply
from tokenization.bpe.merging import encode_unit, work_array
from tokenization.bpe.split import Splitter, split
from tokenization.bpe.tables import BpeTables

UNIT_BYTES = 40
"""Longer units are encoded each time they occur."""
UNIT_IDS = 6
"""So are units with more ids than a row has room for behind their bytes: at least these."""

_WORD = 8  # bytes; units up to here are looked up in the small table first
_SMALL_IDS = 2
_SMALL_BITS = 14
_PLACES = 1 << 19
_FULL = 5 * _PLACES // 8
_SPAN = 1 << 13  # bytes of text cut into units at a time
_META = 7
_ROW_WORDS = 8

_ID_BITS = np.uint64(21)
_ID_MASK = np.uint64((1 << 21) - 1)
_COUNT_SHIFT = np.uint64(42)
_SIZE_SHIFT = np.uint64(8)
_SIZE_MASK = np.uint64(0xFF)
_FEW_MASK = np.uint64(3)
_REACH_SHIFT = np.uint64(44)  # in an entry of `small`
_ROW_REACH_SHIFT = np.uint64(16)
_LINE_END = ord("\n")
_SMALL_SHIFT = np.uint64(64 - _SMALL_BITS)
_MIX_1 = np.uint64(0xA0761D6478BD642F)
_MIX_2 = np.uint64(0xE7037ED1A0B428DB)


class UnitCache(NamedTuple):
    """Two tables of units.

    Attributes:
        small: uint64 [2 ** 14, 2], a row for each hash of a unit of at most eight bytes, the last one seen: its bytes
            (never equal for two units: a NUL is always a unit by itself), and reach << 44 | number of ids << 42 | two
            ids of 21 bits, 0 where the row is empty. It stays in the processor's second-level cache.
        rows: uint64 [places, 8], open addressing, a row to a cache line: one to five words of the unit's bytes, behind
            them words of three ids of 21 bits each, two to six of them, and in the last one reach << 16 | number of
            ids << 8 | number of bytes, 0 where the place is empty.
        used: int64 [1], rows in use.
        touched: uint64 [1], where loads that only fetch leave their sum, lest the compiler drop them.
        ends: int64 [span], scratch: where the units of a span end.
        found: uint64 [span], scratch: a unit's entry in `small`, or 0 for the units not there.
        homes: uint64 [span], scratch: for these, one after the other, where to begin the search in `rows`.
        work: scratch for merging.
    """

    small: NDArray[np.uint64]
    rows: NDArray[np.uint64]
    used: NDArray[np.int64]
    touched: NDArray[np.uint64]
    ends: NDArray[np.int64]
    found: NDArray[np.uint64]
    homes: NDArray[np.uint64]
    work: NDArray[np.int64]


def empty_cache() -> UnitCache:
    """A cache for 300,000 units, 32 MB; `rows` is emptied when it holds that many."""
    return UnitCache(
        np.zeros((1 << _SMALL_BITS, 2), np.uint64),
        np.zeros((_PLACES, _ROW_WORDS), np.uint64),
        np.zeros(1, np.int64),
        np.zeros(1, np.uint64),
        np.empty(_SPAN, np.int64),
        np.empty(_SPAN, np.uint64),
        np.empty(_SPAN, np.uint64),
        work_array(),
    )


@kernel
def encode_joined(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    joined: NDArray[np.uint8],
    tables: BpeTables,
    cache: UnitCache,
    out: NDArray[np.uint32],
    out_offsets: NDArray[np.int64],
) -> None:
    """Encode each document, cut where two bytes are not joined.

    Args:
        data: UTF-8, padded with 64 bytes behind the last document.
        offsets: int64 [documents + 1].
        joined: uint8 [65536], from `joined_bytes`.
        tables: the vocabulary.
        cache: what earlier calls saw; changed.
        out: receives the ids; at least offsets[-1] - offsets[0] + `UNIT_IDS` places.
        out_offsets: int64 [documents + 1], receives where each document's ids begin.
    """
    place = 0
    for document in range(offsets.size - 1):
        out_offsets[document] = place
        start = offsets[document]
        stop = offsets[document + 1]
        while start < stop:
            units = cut(data, start, stop, joined, cache.ends)
            look_up(data, start, units, cache)
            place = _encode_units(data, start, units, tables, cache, out, place)
            start = cache.ends[units - 1]
    out_offsets[offsets.size - 1] = place


@kernel
def encode_words(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    splitter: Splitter,
    tables: BpeTables,
    cache: UnitCache,
    out: NDArray[np.uint32],
    out_offsets: NDArray[np.int64],
) -> None:
    """Encode each document, cut into words by GPT-2's rule; the arguments are otherwise those of `encode_joined`."""
    place = 0
    for document in range(offsets.size - 1):
        out_offsets[document] = place
        start = offsets[document]
        stop = offsets[document + 1]
        while start < stop:
            units = split(data, start, stop, splitter, cache.ends)
            look_up(data, start, units, cache)
            place = _encode_units(data, start, units, tables, cache, out, place)
            start = cache.ends[units - 1]
    out_offsets[offsets.size - 1] = place


@kernel
def cut(data: NDArray[np.uint8], start: int, stop: int, joined: NDArray[np.uint8], ends: NDArray[np.int64]) -> int:
    """Write the ends of the next units, at least one; their number."""
    last = min(stop, start + ends.size)
    units = 0
    before = np.int64(data[start])
    # Without a branch on `joined`, which no processor could predict.
    for at in range(start + 1, last):
        byte = np.int64(data[at])
        ends[units] = at
        units += 1 - np.int64(joined[before << 8 | byte])
        before = byte
    if last < stop and units > 0:
        return units  # the span's last unit may go on behind it
    while last < stop and joined[np.int64(data[last - 1]) << 8 | np.int64(data[last])]:
        last += 1
    ends[units] = last
    return units + 1


@kernel
def room(size: int) -> int:
    """Ids that a row has room for behind the bytes of a unit."""
    return 3 * (_META - ((size + _WORD - 1) >> 3))


@kernel
def _tail_word(data: NDArray[np.uint8], start: int, size: int) -> np.uint64:
    """The last word of a unit's bytes; the shift drops the bytes behind the unit."""
    words = (size + _WORD - 1) >> 3
    return load_u64(data, start + _WORD * (words - 1)) << np.uint64(8 * (_WORD * words - size))


@kernel
def look_up(data: NDArray[np.uint8], start: int, units: int, cache: UnitCache) -> None:
    """Look every unit of a span up in `small`; begin to fetch the rows of those that are not there."""
    small = cache.small
    found = cache.found
    homes = cache.homes
    last = np.uint64(cache.rows.shape[0] - 1)
    missing = 0
    for unit in range(units):
        end = cache.ends[unit]
        size = end - start
        if size <= _WORD:
            tail = _tail_word(data, start, size)
            row = (tail * _MIX_1) >> _SMALL_SHIFT
            entry = small[row, 1] if small[row, 0] == tail else np.uint64(0)
        else:
            entry = np.uint64(0)
        found[unit] = entry
        if entry == 0 and size <= UNIT_BYTES:
            hashed = _MIX_1 ^ np.uint64(size)
            for word in range((size - 1) >> 3):
                hashed = fold_multiply(hashed ^ load_u64(data, start + _WORD * word), _MIX_2)
            homes[missing] = fold_multiply(hashed ^ _tail_word(data, start, size), _MIX_2) & last
            missing += 1
        start = end
    # A row is a cache line somewhere in memory. Read one by one as they are needed, each would be waited for; loads
    # that depend on nothing overlap.
    rows = cache.rows
    touched = np.uint64(0)
    for i in range(missing):
        touched |= rows[homes[i], _META]
    cache.touched[0] = touched


@kernel
def _encode_units(
    data: NDArray[np.uint8],
    start: int,
    units: int,
    tables: BpeTables,
    cache: UnitCache,
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Encode the units that end at cache.ends[:units] into out[place:]; the place behind the last id."""
    unit = missing = 0
    while True:
        unit, start, missing, place, row, _ = copy_known(data, start, unit, units, missing, cache, out, place, None)
        if unit == units:
            return int(place)
        end = cache.ends[unit]
        count = encode_unit(data, start, end, tables, cache.work, out, place) - place
        if row >= 0 and count <= room(end - start):
            remember(data, start, end - start, out[place : place + count], 0, cache, row)
        place += count
        start = end
        unit += 1


@kernel
def copy_known(
    data: NDArray[np.uint8],
    start: int,
    unit: int,
    units: int,
    missing: int,
    cache: UnitCache,
    out: NDArray[np.uint32],
    place: int,
    since: int | None,
) -> tuple[int, int, int, int, int, int | None]:
    """Copy the ids of units as long as they are known.

    Kept apart from the merging of unknown units: within one loop the rare work takes the registers of the frequent.

    Args:
        data: the text.
        start: where the first unit to look at starts.
        unit: its number.
        units: number of units in the span.
        missing: how many of the units before it were looked for in `rows`.
        cache: after `cut` and `look_up`; changed.
        out: receives ids.
        place: where in `out` to begin.
        since: where the line begins; None when the reach of units does not count.

    Returns:
        The unit to go on with, or `units`; where it starts; how many units were looked for in `rows`; the place behind
        the last id; the empty row for the unit to go on with, or -1 when it is not to be kept; and where its line
        begins.
    """
    small = cache.small
    rows = cache.rows
    ends = cache.ends
    found = cache.found
    homes = cache.homes
    last = np.uint64(rows.shape[0] - 1)
    while unit < units:
        end = ends[unit]
        entry = found[unit]
        if entry != 0:
            if since is not None:  # compiled away, like its counterpart below, where it is
                if end - since > np.int64(entry >> _REACH_SHIFT):
                    return unit, start, missing, place, -1, since
                since = end if data[end - 1] == _LINE_END else since
            out[place] = entry & _ID_MASK
            out[place + 1] = (entry >> _ID_BITS) & _ID_MASK
            place += np.int64((entry >> _COUNT_SHIFT) & _FEW_MASK)
            start = end
            unit += 1
            continue
        size = end - start
        if size > UNIT_BYTES:
            return unit, start, missing, place, -1, since
        words = (size + _WORD - 1) >> 3
        tail = _tail_word(data, start, size)
        at = homes[missing]
        missing += 1
        meta = rows[at, _META]
        while meta != 0:
            if meta & _SIZE_MASK == np.uint64(size) and rows[at, words - 1] == tail:
                same = True
                for word in range(words - 1):
                    same &= rows[at, word] == load_u64(data, start + _WORD * word)
                if same:
                    break
            at = (at + np.uint64(1)) & last
            meta = rows[at, _META]
        if meta == 0:
            return unit, start, missing, place, np.int64(at), since
        reach = meta >> _ROW_REACH_SHIFT
        if since is not None:
            if end - since > np.int64(reach):
                return unit, start, missing, place, -1, since
            since = end if data[end - 1] == _LINE_END else since
        low = rows[at, words]
        high = rows[at, words + 1]
        count = np.int64((meta >> _SIZE_SHIFT) & _SIZE_MASK)
        out[place] = low & _ID_MASK
        out[place + 1] = (low >> _ID_BITS) & _ID_MASK
        out[place + 2] = low >> _COUNT_SHIFT
        out[place + 3] = high & _ID_MASK
        out[place + 4] = (high >> _ID_BITS) & _ID_MASK
        out[place + 5] = high >> _COUNT_SHIFT
        for i in range(UNIT_IDS, count):
            out[place + i] = (rows[at, words + i // 3] >> (_ID_BITS * np.uint64(i % 3))) & _ID_MASK
        if words == 1 and count <= _SMALL_IDS:
            row = (tail * _MIX_1) >> _SMALL_SHIFT
            small[row, 0] = tail
            small[row, 1] = reach << _REACH_SHIFT | np.uint64(count) << _COUNT_SHIFT | low
        place += count
        start = end
        unit += 1
    return unit, start, missing, place, -1, since


@kernel
def remember(
    data: NDArray[np.uint8], start: int, size: int, ids: NDArray[np.uint32], reach: int, cache: UnitCache, at: int
) -> None:
    """Fill an empty row with a unit and its ids; empty the table when it gets full."""
    row = cache.rows[at]
    words = (size + _WORD - 1) >> 3
    for word in range(words - 1):
        row[word] = load_u64(data, start + _WORD * word)
    row[words - 1] = _tail_word(data, start, size)
    row[words:_META] = 0
    for i in range(ids.size):
        row[words + i // 3] |= np.uint64(ids[i]) << (_ID_BITS * np.uint64(i % 3))
    row[_META] = np.uint64(reach << 16 | ids.size << 8 | size)
    cache.used[0] += 1
    if cache.used[0] >= _FULL:
        cache.rows[:] = 0
        cache.used[0] = 0
