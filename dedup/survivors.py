"""Survivors: which documents stay, given the verified pairs.

Documents are walked from the best ranked to the worst; one is dropped when a document that has survived
before it is its verified neighbour. No document is dropped for the sake of one that is itself dropped, so
every drop is verified against a text that is kept, and the surviving set is the only one of its kind (the
lexicographically first maximal independent set), however the pairs were found or split.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from dedup.rank import total_order

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]


class Drops(NamedTuple):
    """Dropped documents, ascending by key.

    Attributes:
        dropped: uint64 [d] keys of the documents to drop.
        kept: uint64 [d] key of the survivor that each is dropped for.
        edge: int64 [d] index of the verified pair that proves it.
    """

    dropped: U64s
    kept: U64s
    edge: I64s


@kernel
def _walk(higher: I64s, lower: I64s, alive: NDArray[np.bool_], proof: I64s) -> int:
    """Walk edges sorted by lower; writes the proving edges to the front of `proof`, returns their number."""
    drops = 0
    for edge in range(higher.size):
        # `higher` ranks before `lower`, and all of its own edges have been seen.
        if alive[lower[edge]] and alive[higher[edge]]:
            alive[lower[edge]] = False
            proof[drops] = edge
            drops += 1
    return drops


def survivors(higher: U64s, lower: U64s, jaccard: NDArray[np.float64], keys: U64s, order: U64s, id_hash: U64s) -> Drops:
    """Choose the documents to drop.

    Args:
        higher: uint64 [edges], keys of the better ranked document of each verified pair.
        lower: uint64 [edges], keys of the other one.
        jaccard: float64 [edges], the pair's similarity: a document is dropped for its most similar surviving
            neighbour, among equals for the best ranked.
        keys: uint64 [n], every document that occurs in an edge, each once; others may be among them.
        order: uint64 [n], see `rank_order`.
        id_hash: uint64 [n], a hash of the document's id.

    Returns:
        The drops; their keys do not depend on the order of edges or documents.

    Raises:
        ValueError: an edge names an unknown document, does not lead from a better to a worse ranked one, or
            has a similarity that is not a number; or a document is listed twice.
    """
    by_rank = total_order(order, id_hash, keys)
    rank = np.empty(keys.size, np.int64)
    rank[by_rank] = np.arange(keys.size)
    by_key = np.argsort(keys)
    ascending = keys[by_key]
    if (ascending[1:] == ascending[:-1]).any():
        raise ValueError("a document is listed twice")

    def ranks_of(wanted: U64s) -> I64s:
        places = np.searchsorted(ascending, wanted)
        known = places < keys.size
        known[known] = ascending[places[known]] == wanted[known]
        if not known.all():
            raise ValueError(f"{int((~known).sum())} edges name documents that are not listed")
        return rank[by_key[places]]

    higher_rank, lower_rank = ranks_of(higher), ranks_of(lower)
    if (higher_rank >= lower_rank).any():
        raise ValueError("an edge does not lead from a better to a worse ranked document")
    if np.isnan(jaccard).any():
        raise ValueError("an edge has a similarity that is not a number")
    sorted_edges = np.lexsort((higher_rank, -jaccard, lower_rank))
    proof = np.empty(min(higher.size, keys.size), np.int64)
    alive = np.ones(keys.size, np.bool_)
    count = _walk(higher_rank[sorted_edges], lower_rank[sorted_edges], alive, proof)
    edge = sorted_edges[proof[:count]]
    edge = edge[np.argsort(lower[edge])]
    return Drops(lower[edge], higher[edge], edge)
