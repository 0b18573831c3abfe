"""What draws should look like, in NumPy by sorting, to hold the sampler against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BINS = 20


def shares(scores_BV: Array, temperature: float, top_k: int = 0, top_p: float = 1.0) -> Array:
    """Probabilities after temperature, top k and top p, [B, V]."""
    shares_BV = np.exp((scores_BV - scores_BV.max(axis=1, keepdims=True)) / temperature)
    for row in shares_BV:
        order = np.argsort(-row, kind="stable")
        if top_k:
            row[order[top_k:]] = 0
        before = np.cumsum(row[order]) - row[order]
        row[order[before >= top_p * row.sum()]] = 0
    return np.asarray(shares_BV / shares_BV.sum(axis=1, keepdims=True))


def uniformity(shares_BV: Array, drawn_B: NDArray[np.int32]) -> float:
    """Chi-square, of BINS - 1 degrees of freedom, of where draws fall in the running sum of shares, the largest first.

    Each must have been possible.
    """
    rows = np.arange(drawn_B.size)
    order_BV = np.argsort(-shares_BV, axis=1, kind="stable")
    place_B = np.argsort(order_BV, axis=1)[rows, drawn_B]
    above_B = np.cumsum(np.take_along_axis(shares_BV, order_BV, axis=1), axis=1)[rows, place_B]
    share_B = shares_BV[rows, drawn_B]
    assert share_B.min() > 0
    fell_B = above_B - share_B * np.random.default_rng(2).random(drawn_B.size)
    counts = np.histogram(fell_B, BINS, (0, 1 + 1e-9))[0]
    expected = drawn_B.size / BINS
    return float(((counts - expected) ** 2 / expected).sum())
