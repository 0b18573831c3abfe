"""CRC-32C, and the masked form in which TFRecord stores it."""

from __future__ import annotations

from collections.abc import Iterable

import google_crc32c
import numpy as np
from numpy.typing import NDArray

MASK_DELTA = 0xA282EAD8


def masked_crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of `data`, rotated right by 15 bits plus a constant, as TFRecord's framing asks."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF


def crc32c_rows(rows: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint32]:
    """CRC-32C of each row (uint8 [m], contiguous), uint32 [rows]; not masked."""
    # The library's C loop uses the processor's CRC instruction: one call a record costs less than a table in a kernel.
    return np.fromiter(map(google_crc32c.value, rows), np.uint32)
