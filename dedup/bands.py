"""Bands: groups of bins hashed to one key each; documents that share a key are compared (LSH)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.mix import finalise, fold_multiply

BANDS = 32
ROWS = 8
"""Two documents share a band with probability 1 - (1 - jaccard ** ROWS) ** BANDS, as each bin agrees with probability
`jaccard` and a band when all its rows do (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4): 0.850 at
Jaccard 0.7, 0.997 at 0.8."""

_START = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0x3C6EF372FE94F82B)


@kernel
def _band_keys(signatures: NDArray[np.uint32], rows: int, keys: NDArray[np.uint64]) -> None:
    """Fill keys [bands, n]. Four documents at once: each hash waits for the one before, those of others do not."""
    last = signatures.shape[0] - 1
    for first in range(0, last + 1, 4):
        places = (first, min(first + 1, last), min(first + 2, last), min(first + 3, last))
        one, two = signatures[places[0]], signatures[places[1]]
        three, four = signatures[places[2]], signatures[places[3]]
        for band in range(keys.shape[0]):
            a = b = c = d = finalise(_START + np.uint64(band))
            for row in range(band * rows, (band + 1) * rows):
                a = fold_multiply(a ^ np.uint64(one[row]), _STEP) ^ _START
                b = fold_multiply(b ^ np.uint64(two[row]), _STEP) ^ _START
                c = fold_multiply(c ^ np.uint64(three[row]), _STEP) ^ _START
                d = fold_multiply(d ^ np.uint64(four[row]), _STEP) ^ _START
            keys[band, places[0]] = finalise(a)
            keys[band, places[1]] = finalise(b)
            keys[band, places[2]] = finalise(c)
            keys[band, places[3]] = finalise(d)


def band_keys(signatures: NDArray[np.uint32], bands: int = BANDS, rows: int = ROWS) -> NDArray[np.uint64]:
    """Hash each band of each signature; band b covers bins [b * rows, (b + 1) * rows).

    The band's number is part of what is hashed, so keys of several bands may be grouped together.

    Args:
        signatures: uint32 [n, 256], without rows of documents that have no signature: those would all agree.
        bands, rows: bands * rows is at most 256; bins beyond are not used.

    Returns:
        uint64 [n, bands], laid out band by band: a column is contiguous.
    """
    if bands < 1 or rows < 1 or bands * rows > signatures.shape[1]:
        raise ValueError(f"{bands} bands of {rows} rows do not fit {signatures.shape[1]} bins")
    keys = np.empty((bands, signatures.shape[0]), np.uint64)
    _band_keys(np.ascontiguousarray(signatures, np.uint32), rows, keys)
    return keys.T
