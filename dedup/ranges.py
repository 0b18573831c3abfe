"""Ranges of hashes: how rows that may meet are brought together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_HALF = np.uint64(32)


def range_of(hashes: NDArray[np.uint64], ranges: int) -> NDArray[np.uint64]:
    """Which of so many equal ranges of [0, 2**64) each hash falls in, uint64 [n]; at most 2**32 ranges."""
    return ((hashes >> _HALF) * np.uint64(ranges)) >> _HALF
