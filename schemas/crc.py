"""CRC-32C in the masked form that TFRecord stores."""

from __future__ import annotations

from collections.abc import Iterable

import google_crc32c
import numpy as np
from numpy.typing import NDArray

_MASK_DELTA = 0xA282EAD8


def masked_crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of `data`, rotated right by 15 bits plus a constant, as TFRecord's framing asks."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def masked_crc32c_rows(rows: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint32]:
    """Masked CRC-32C of each row (uint8 [m], contiguous), uint32 [rows]."""
    # The library's C loop uses the processor's CRC instruction: one call a record costs less than a table in a kernel.
    crcs = np.fromiter(map(google_crc32c.value, rows), np.uint32)
    return (crcs >> np.uint32(15) | crcs << np.uint32(17)) + np.uint32(_MASK_DELTA)
