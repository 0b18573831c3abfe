"""Kernels that write and read rows of varints of one width.

The width is a constant of each compiled kernel: LLVM then unrolls the loop over an id's bytes, which is worth a
factor of two either way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import load_u64

Pack: TypeAlias = Callable[[NDArray[Any], NDArray[np.uint8]], bool]
Unpack: TypeAlias = Callable[[NDArray[np.uint8], NDArray[np.int64], int, int, NDArray[np.int32]], int]


@cache
def packer(width: int) -> Pack:
    """A kernel `pack(ids, body) -> fits` for varints of `width` bytes, 1 to 4.

    It writes ids, [n, m] of an integer type of at most 32 bits, into body, uint8 [n, m, width]. The answer is False
    when an id was negative or did not fit; the body is then void.
    """
    last = width - 1

    @kernel
    def pack(ids: NDArray[Any], body: NDArray[np.uint8]) -> bool:
        seen = np.uint32(0)
        for i in range(ids.shape[0]):
            for j in range(ids.shape[1]):
                rest = np.uint32(ids[i, j])
                for k in range(last):
                    body[i, j, k] = (rest & np.uint32(0x7F)) | np.uint32(0x80)
                    rest >>= np.uint32(7)
                body[i, j, last] = rest
                seen |= rest
        return bool(seen < 0x80)

    return pack


@cache
def unpacker(width: int) -> Unpack:
    """A kernel `unpack(records, rows, record_bytes, start, ids) -> row` for varints of `width` bytes, 1 to 4.

    It reads ids, int32 [n, m], of the records `rows`, int64 [n], from records, uint8 [n * record_bytes]. The first id
    of a record is at its byte `start`, at least 8: the wide load ends with the id it reads. The answer is the first
    place in `rows` whose varints have another width, or -1.
    """
    every = np.uint32(0x80808080 >> (32 - 8 * width))
    continued = np.uint32(every >> 8)  # all bytes but the last announce another
    shift = np.uint64(64 - 8 * width)

    @kernel
    def unpack(
        records: NDArray[np.uint8],
        rows: NDArray[np.int64],
        record_bytes: int,
        start: int,
        ids: NDArray[np.int32],
    ) -> int:
        for i in range(ids.shape[0]):
            wrong = np.uint32(0)
            end = rows[i] * record_bytes + start + width - 8
            for j in range(ids.shape[1]):
                value = np.uint32(load_u64(records, end + j * width) >> shift)
                wrong |= value ^ continued
                ids[i, j] = (
                    (value & np.uint32(0x7F))
                    | ((value >> np.uint32(1)) & np.uint32(0x3F80))
                    | ((value >> np.uint32(2)) & np.uint32(0x1FC000))
                    | ((value >> np.uint32(3)) & np.uint32(0xFE00000))
                )
            if wrong & every:
                return i
        return -1

    return unpack
