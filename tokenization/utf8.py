"""Characters of UTF-8, for kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel

CODE_POINTS = 1 << 21
"""What the bits of four bytes of UTF-8 can say: tables of this size are safe whatever the bytes are."""


@kernel
def character_bytes(first: int) -> int:
    """Bytes of the UTF-8 character that starts with a byte."""
    if first < 0xC0:
        return 1
    if first < 0xE0:
        return 2
    return 3 if first < 0xF0 else 4


@kernel
def code_point(data: NDArray[np.uint8], at: int) -> int:
    """The code point that starts at a place of valid UTF-8; below `CODE_POINTS` whatever the bytes are."""
    first = np.int64(data[at])
    if first < 0x80:
        return first
    if first < 0xE0:
        return (first & 0x1F) << 6 | data[at + 1] & 0x3F
    if first < 0xF0:
        return (first & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | data[at + 2] & 0x3F
    return (first & 0x07) << 18 | (data[at + 1] & 0x3F) << 12 | (data[at + 2] & 0x3F) << 6 | data[at + 3] & 0x3F


@kernel
def checked_code_point(data: NDArray[np.uint8], at: int, end: int) -> int:
    """The code point whose UTF-8 starts at a place and is complete before `end`; -1 where no character does."""
    first = np.int64(data[at])
    if first < 0x80:
        return first
    size = character_bytes(data[at])
    if size == 1 or first >= 0xF8 or at + size > end:
        return -1
    for i in range(at + 1, at + size):
        if data[i] & 0xC0 != 0x80:
            return -1
    point = code_point(data, at)
    # A longer spelling than needed would come back as the shorter one.
    return point if point >= (0x80 if size == 2 else 0x800 if size == 3 else 0x10000) else -1
