"""Exact duplicates: documents of equal content hash, all but the best ranked dropped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup.repeated import repeated

U64s = NDArray[np.uint64]


def exact_duplicates(hashes: U64s, keys: U64s, order: U64s, id_hash: U64s) -> tuple[U64s, U64s]:
    """Find the documents to drop because an equal one ranks before them.

    Args:
        hashes: uint64 [n, 2], 128 bits of a cryptographic hash of each text.
        keys: uint64 [n], document keys, each once.
        order: uint64 [n], see `rank_order`.
        id_hash: uint64 [n], a hash of the document's id.

    Returns:
        (dropped_keys, kept_keys): uint64 [d] each, ascending by dropped key; kept_keys[i] is the best ranked
        document of the same hash as dropped_keys[i].
    """
    high, low = hashes[:, 0], hashes[:, 1]
    suspects = repeated(high)
    by_content = suspects[
        np.lexsort((keys[suspects], id_hash[suspects], order[suspects], low[suspects], high[suspects]))
    ]
    if by_content.size == 0:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    first = np.ones(by_content.size, np.bool_)
    first[1:] = (high[by_content[1:]] != high[by_content[:-1]]) | (low[by_content[1:]] != low[by_content[:-1]])
    kept = by_content[np.flatnonzero(first)[np.cumsum(first) - 1]][~first]
    dropped = by_content[~first]
    by_key = np.argsort(keys[dropped])
    return keys[dropped][by_key], keys[kept][by_key]
