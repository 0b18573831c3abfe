"""Kernels for what stands around a record's ids: the same header in every record, and a masked CRC at its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from schemas.crc import MASK_DELTA

TAIL_BYTES = 4
_DELTA = np.uint32(MASK_DELTA)
_BYTE = np.uint32(0xFF)


@kernel
def _masked(crc: np.uint32) -> np.uint32:
    """As `masked_crc32c`."""
    return np.uint32((np.uint32(crc >> np.uint32(15)) | np.uint32(crc << np.uint32(17))) + _DELTA)


@kernel
def write_tails(records: NDArray[np.uint8], record_bytes: int, crcs: NDArray[np.uint32]) -> None:
    """Put a CRC at the end of each of a file's records.

    Args:
        records: uint8 [n * record_bytes].
        record_bytes: size of a record.
        crcs: uint32 [n], plain CRC-32C of each record's payload.
    """
    for i in range(crcs.size):
        crc = _masked(crcs[i])
        last = (i + 1) * record_bytes - TAIL_BYTES
        for k in range(TAIL_BYTES):
            records[last + k] = (crc >> np.uint32(8 * k)) & _BYTE


@kernel
def first_broken(
    records: NDArray[np.uint8],
    rows: NDArray[np.int64],
    record_bytes: int,
    header: NDArray[np.uint8],
    crcs: NDArray[np.uint32],
) -> int:
    """The first place in `rows` whose record begins otherwise than `header` or ends otherwise than its CRC, or -1.

    Args:
        records: uint8 [n * record_bytes].
        rows: which records, int64 [m], each in [0, n).
        record_bytes: size of a record.
        header: uint8 [h], the first bytes of every record.
        crcs: uint32 [m], plain CRC-32C of the payloads of `rows`.
    """
    for i in range(rows.size):
        first = rows[i] * record_bytes
        wrong = np.uint32(0)
        for j in range(header.size):
            wrong |= np.uint32(records[first + j] ^ header[j])
        crc = _masked(crcs[i])
        last = first + record_bytes - TAIL_BYTES
        for k in range(TAIL_BYTES):
            wrong |= np.uint32(records[last + k]) ^ ((crc >> np.uint32(8 * k)) & _BYTE)
        if wrong:
            return i
    return -1
