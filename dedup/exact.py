"""Exact duplicates: documents of equal content hash, all but the best ranked dropped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.radix import Flags, order_by, refine
from dedup.repeated import repeated_runs

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]


@kernel
def _drops(index: I64s, starts: Flags, order: U64s, id_hash: U64s, keys: U64s, dropped: I64s, kept: I64s) -> int:
    """Write the rows of each run but the best ranked, and the best ranked one of each; returns their number."""
    drops = 0
    first = 0
    for place in range(1, index.size + 1):
        if place < index.size and not starts[place]:
            continue
        best = index[first]
        for row in index[first + 1 : place]:
            if order[row] != order[best]:
                better = order[row] < order[best]
            elif id_hash[row] != id_hash[best]:
                better = id_hash[row] < id_hash[best]
            else:
                better = keys[row] < keys[best]
            if better:
                best = row
        for row in index[first:place]:
            if row != best:
                dropped[drops] = row
                kept[drops] = best
                drops += 1
        first = place
    return drops


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
    index, starts = repeated_runs(hashes[:, 0])
    refine(hashes[:, 1], index, starts)
    dropped, kept = np.empty((2, index.size), np.int64)
    order, id_hash, keys = (np.ascontiguousarray(column, np.uint64) for column in (order, id_hash, keys))
    count = _drops(index, starts, order, id_hash, keys, dropped, kept)
    dropped_keys = keys[dropped[:count]]
    by_key = order_by(dropped_keys)
    return dropped_keys[by_key], keys[kept[:count][by_key]]
