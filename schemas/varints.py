"""Kernels that write and read rows of varints of one width, sixteen at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from schemas.varint_lanes import LANES, pack_lanes, unpack_lanes

Pack: TypeAlias = Callable[[NDArray[np.uint32], NDArray[np.uint8], int, int], bool]
Rows: TypeAlias = NDArray[np.int64]
Unpack: TypeAlias = Callable[[NDArray[np.uint8], Rows, int, int, NDArray[np.int32], Rows], int]


@cache
def packer(width: int) -> Pack:
    """A kernel `pack(ids, records, record_bytes, start) -> fits` for varints of `width` bytes, 1 to 4.

    It writes ids, contiguous uint32 [n, m], into records, uint8 [n * record_bytes]: the first id of a record goes to
    its byte `start`. The answer is False when an id did not fit; what was written is then void.
    """
    last = width - 1

    @kernel
    def pack(ids: NDArray[np.uint32], records: NDArray[np.uint8], record_bytes: int, start: int) -> bool:
        count = ids.shape[1]
        blocks = count - count % LANES
        wrong = np.uint64(0)
        for i in range(ids.shape[0]):
            first = i * record_bytes + start
            for j in range(0, blocks, LANES):
                wrong |= pack_lanes(ids, i * count + j, records, first + j * width, width)
            for j in range(blocks, count):
                rest = np.uint32(ids[i, j])
                for k in range(last):
                    records[first + j * width + k] = (rest & np.uint32(0x7F)) | np.uint32(0x80)
                    rest >>= np.uint32(7)
                records[first + j * width + last] = rest
                wrong |= np.uint64(rest >> np.uint32(7))
        return bool(wrong == 0)

    return pack


@cache
def unpacker(width: int) -> Unpack:
    """A kernel `unpack(records, rows, record_bytes, start, ids, places) -> row` for varints of `width` bytes, 1 to 4.

    It reads the records `rows`, int64 [m], of records, uint8 [n * record_bytes], whose first id is at their byte
    `start`, at least 16 (see `unpack_lanes`). The ids of record rows[i] go to ids[places[i]], of contiguous
    int32 [k, ids of a record]; places is int64 [m]. The answer is the first place in `rows` whose varints have another
    width, or -1.
    """
    last = width - 1

    @kernel
    def unpack(
        records: NDArray[np.uint8],
        rows: Rows,
        record_bytes: int,
        start: int,
        ids: NDArray[np.int32],
        places: Rows,
    ) -> int:
        count = ids.shape[1]
        blocks = count - count % LANES
        for i in range(rows.size):
            wrong = np.uint64(0)
            place = places[i]
            first = rows[i] * record_bytes + start
            for j in range(0, blocks, LANES):
                wrong |= unpack_lanes(records, first + j * width, ids, place * count + j, width)
            for j in range(blocks, count):
                value = np.uint32(0)
                for k in range(width):
                    byte = np.uint32(records[first + j * width + k])
                    value |= (byte & np.uint32(0x7F)) << np.uint32(7 * k)
                    wrong |= np.uint64((byte >> np.uint32(7)) ^ np.uint32(k < last))
                ids[place, j] = value
            if wrong:
                return i
        return -1

    return unpack
