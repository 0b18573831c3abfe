"""Encode documents unit by unit, remembering the units seen lately.

A unit is a stretch of text between two places where no piece reaches across (`BpeTables.joined`), so encoding units
alone gives the ids of the whole text. Most units of a text are among a few thousand: they are looked up by their
bytes. What the cache holds at any moment changes how fast an answer comes, never the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import load_u64
from buffers.mix import fold_multiply
from tokenization.bpe_tables import BpeTables
from tokenization.merging import encode_unit

UNIT_BYTES = 40
"""Longer units are encoded each time they occur."""
UNIT_IDS = 6
"""So are units with more ids."""

_KEY_WORDS = UNIT_BYTES // 8
_META = 7
_ROW_WORDS = 8
_ID_BITS = np.uint64(21)
_ID_MASK = np.uint64((1 << 21) - 1)
_PLACES = 1 << 18
_FULL = _PLACES // 2
_SEED_1 = np.uint64(0xA0761D6478BD642F)
_SEED_2 = np.uint64(0xE7037ED1A0B428DB)
_BYTE = np.uint64(8)


class UnitCache(NamedTuple):
    """An open-addressing table of rows that fill one cache line each.

    Attributes:
        rows: uint64 [places, 8]: five words of the unit's bytes (zeros behind the last), two words of three ids of 21
            bits each, and the number of ids << 8 | number of bytes, 0 where the place is empty.
        used: int64 [1], rows in use.
    """

    rows: NDArray[np.uint64]
    used: NDArray[np.int64]


def empty_cache() -> UnitCache:
    """A cache for some hundred thousand units, 16 MB; it is emptied when half full."""
    return UnitCache(np.zeros((_PLACES, _ROW_WORDS), np.uint64), np.zeros(1, np.int64))


@kernel
def encode_documents(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    tables: BpeTables,
    cache: UnitCache,
    out: NDArray[np.uint32],
    out_offsets: NDArray[np.int64],
) -> None:
    """Encode each document.

    Args:
        data: UTF-8, padded with 64 bytes behind the last document.
        offsets: int64 [documents + 1].
        tables: the vocabulary.
        cache: what earlier calls saw; changed.
        out: receives the ids; at least offsets[-1] - offsets[0] places, and `UNIT_IDS` to spare.
        out_offsets: int64 [documents + 1], receives where each document's ids begin.
    """
    place = 0
    rows = cache.rows
    joined = tables.joined
    mask = np.uint64(_PLACES - 1)
    for document in range(offsets.size - 1):
        out_offsets[document] = place
        start = offsets[document]
        stop = offsets[document + 1]
        while start < stop:
            before = np.int64(data[start])
            end = start + 1
            while end < stop:
                byte = np.int64(data[end])
                if not joined[before << 8 | byte]:
                    break
                before = byte
                end += 1
            size = end - start
            if size > UNIT_BYTES:
                place = encode_unit(data, start, end, tables, out, place)
                start = end
                continue
            words = (size + 7) >> 3
            # The shift drops the bytes behind the unit from its last word.
            tail = load_u64(data, start + 8 * (words - 1)) << np.uint64(8 * (8 * words - size))
            hashed = _SEED_1 ^ np.uint64(size)
            for word in range(words - 1):
                hashed = fold_multiply(hashed ^ load_u64(data, start + 8 * word), _SEED_2)
            hashed = fold_multiply(hashed ^ tail, _SEED_2)
            at = hashed & mask
            while True:
                meta = rows[at, _META]
                if meta == 0:
                    found = False
                    break
                if meta & np.uint64(0xFF) == np.uint64(size) and rows[at, words - 1] == tail:
                    found = True
                    for word in range(words - 1):
                        found &= rows[at, word] == load_u64(data, start + 8 * word)
                    if found:
                        break
                at = (at + np.uint64(1)) & mask
            if found:
                ids = meta >> _BYTE
                low = rows[at, _KEY_WORDS]
                out[place] = low & _ID_MASK
                if ids > 1:
                    high = rows[at, _KEY_WORDS + 1]
                    out[place + 1] = (low >> _ID_BITS) & _ID_MASK
                    out[place + 2] = low >> (_ID_BITS + _ID_BITS)
                    out[place + 3] = high & _ID_MASK
                    out[place + 4] = (high >> _ID_BITS) & _ID_MASK
                    out[place + 5] = high >> (_ID_BITS + _ID_BITS)
                place += np.int64(ids)
            else:
                after = encode_unit(data, start, end, tables, out, place)
                if after - place <= UNIT_IDS:
                    for word in range(words - 1):
                        rows[at, word] = load_u64(data, start + 8 * word)
                    rows[at, words - 1] = tail
                    for half in range(2):
                        packed = np.uint64(0)
                        for third in range(3):
                            source = place + 3 * half + third
                            if source < after:
                                packed |= np.uint64(out[source]) << (_ID_BITS * np.uint64(third))
                        rows[at, _KEY_WORDS + half] = packed
                    rows[at, _META] = np.uint64((after - place) << 8 | size)
                    cache.used[0] += 1
                    if cache.used[0] >= _FULL:
                        rows[:] = 0
                        cache.used[0] = 0
                place = after
            start = end
    out_offsets[offsets.size - 1] = place
