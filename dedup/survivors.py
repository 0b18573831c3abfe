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


EDGE = np.dtype(
    [
        ("higher", "<u8"),
        ("lower", "<u8"),
        ("higher_order", "<u8"),
        ("higher_id", "<u8"),
        ("lower_order", "<u8"),
        ("lower_id", "<u8"),
        ("jaccard", "<f8"),
    ]
)
"""A verified pair: the keys of the better and the worse ranked document, the rank order (`rank_order`) and id hash of
each, and their similarity."""


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


def survivors(edges: NDArray[np.void]) -> Drops:
    """Choose the documents to drop.

    Args:
        edges: the verified pairs, a structured array with the fields of `EDGE`; others may be among them. A document
            is dropped for its most similar surviving neighbour, among equals for the best ranked.

    Returns:
        The drops; the documents in them do not depend on the order of the edges.

    Raises:
        ValueError: an edge does not lead from a better to a worse ranked document or has a similarity that is not a
            number, or a document has two ranks.
    """
    count = edges.size
    keys = np.concatenate([edges["higher"], edges["lower"]])
    order = np.concatenate([edges["higher_order"], edges["lower_order"]])
    id_hash = np.concatenate([edges["higher_id"], edges["lower_id"]])
    by_rank = total_order(order, id_hash, keys)
    ranked = keys[by_rank]
    new = np.ones(ranked.size, np.bool_)
    new[1:] = ranked[1:] != ranked[:-1]
    if np.unique(ranked).size != new.sum():
        raise ValueError("a document has different ranks in different edges")
    rank = np.empty(ranked.size, np.int64)
    rank[by_rank] = np.cumsum(new) - 1
    higher, lower = rank[:count], rank[count:]
    if (higher >= lower).any():
        raise ValueError("an edge does not lead from a better to a worse ranked document")
    if np.isnan(edges["jaccard"]).any():
        raise ValueError("an edge has a similarity that is not a number")
    sorted_edges = np.lexsort((higher, -edges["jaccard"], lower))
    proof = np.empty(count, np.int64)
    alive = np.ones(ranked.size, np.bool_)
    drops = _walk(higher[sorted_edges], lower[sorted_edges], alive, proof)
    edge = sorted_edges[proof[:drops]]
    edge = edge[np.argsort(edges["lower"][edge])]
    return Drops(edges["lower"][edge], edges["higher"][edge], edge)
