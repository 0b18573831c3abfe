"""Rank: which of two duplicate documents survives.

The total order is (rank_order, hash of the document's id, document key), smaller first. The id hash makes it
independent of where a document stands in the input; the key, which does depend on it, only separates
documents of one id.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from buffers.radix import order_by

PRIORITY_BITS = 8
LICENSE_BITS = 8
STARS_BITS = 20
LENGTH_BITS = 28


def _field(values: ArrayLike, bits: int) -> NDArray[np.uint64]:
    whole: NDArray[Any] = np.asarray(values)
    if whole.size and not np.issubdtype(whole.dtype, np.integer):
        raise TypeError(f"ranks are made of integers, not {whole.dtype}")
    field: NDArray[np.uint64] = np.clip(whole, 0, (1 << bits) - 1).astype(np.uint64)
    return field


def rank_order(priority: ArrayLike, license_rank: ArrayLike, stars: ArrayLike, length: ArrayLike) -> NDArray[np.uint64]:
    """Pack what documents are ranked by into one integer; the smaller is the better and survives.

    From the highest bits down: source priority (8 bits, smaller first), licence rank (8 bits, smaller first),
    stars (20 bits, more first), length in bytes (28 bits, longer first). Values below 0
    count as 0 and values too large as the largest of their field, so that documents beyond a field's range
    tie there.

    Args:
        priority: integers [n], or one for all, as for the others.
        license_rank: of the document's licence; the more permissive, the smaller.
        stars: of the document's repository.
        length: bytes of the text.

    Returns:
        uint64 [n].
    """
    stars_down = np.uint64((1 << STARS_BITS) - 1) - _field(stars, STARS_BITS)
    length_down = np.uint64((1 << LENGTH_BITS) - 1) - _field(length, LENGTH_BITS)
    order = _field(priority, PRIORITY_BITS) << np.uint64(LICENSE_BITS + STARS_BITS + LENGTH_BITS)
    order = order | _field(license_rank, LICENSE_BITS) << np.uint64(STARS_BITS + LENGTH_BITS)
    return np.asarray(order | stars_down << np.uint64(LENGTH_BITS) | length_down, np.uint64)


def total_order(order: NDArray[np.uint64], id_hash: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Indices of the documents from the best to the worst, int64 [n]."""
    return order_by(order, id_hash, keys)
