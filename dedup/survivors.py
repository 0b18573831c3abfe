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
from buffers.radix import order_by
from dedup.places import Places
from dedup.rank import total_order

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]
F64s = NDArray[np.float64]

_NO_EDGE = -1


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
def _by_higher(higher: I64s, bounds: I64s) -> I64s:
    """Rows of edges by their better ranked document; fills bounds [documents + 1] with where each one's begin."""
    for edge in range(higher.size):
        bounds[higher[edge] + 1] += 1
    for document in range(1, bounds.size):
        bounds[document] += bounds[document - 1]
    edges = np.empty(higher.size, np.int64)
    ends = bounds[:-1].copy()
    for edge in range(higher.size):
        edges[ends[higher[edge]]] = edge
        ends[higher[edge]] += 1
    return edges


@kernel
def _walk(higher: I64s, lower: I64s, jaccard: F64s, documents: int) -> I64s:
    """Walk documents in rank order; a survivor drops its neighbours. Returns each one's proving edge, or -1."""
    bounds = np.zeros(documents + 1, np.int64)
    edges = _by_higher(higher, bounds)
    proof = np.full(documents, _NO_EDGE)
    for document in range(documents):
        if proof[document] != _NO_EDGE:  # all that rank before it have had their turn
            continue
        for place in range(bounds[document], bounds[document + 1]):
            edge = edges[place]
            held = proof[lower[edge]]
            # Among equally similar survivors the first to come here is the best ranked.
            if held == _NO_EDGE or jaccard[edge] > jaccard[held]:
                proof[lower[edge]] = edge
    return proof


def _ranks(documents: I64s, order: U64s, id_hash: U64s, keys: U64s) -> I64s:
    """The rank among `documents` of each of them, at its place in int64 [n]; other places hold anything."""
    rank = np.empty(keys.size, np.int64)
    rank[documents[total_order(order[documents], id_hash[documents], keys[documents])]] = np.arange(documents.size)
    return rank


def survivors(higher: U64s, lower: U64s, jaccard: F64s, keys: U64s, order: U64s, id_hash: U64s) -> Drops:
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
    listed = Places(keys)
    (higher_place, unknown_higher), (lower_place, unknown_lower) = listed.of(higher), listed.of(lower)
    del listed
    if unknown_higher or unknown_lower:
        raise ValueError(f"{unknown_higher or unknown_lower} edges name documents that are not listed")
    concerned = np.zeros(keys.size, np.bool_)
    concerned[higher_place] = concerned[lower_place] = True
    documents = np.flatnonzero(concerned)
    rank = _ranks(documents, order, id_hash, keys)
    higher_rank, lower_rank = rank[higher_place], rank[lower_place]
    if (higher_rank >= lower_rank).any():
        raise ValueError("an edge does not lead from a better to a worse ranked document")
    if np.isnan(jaccard).any():
        raise ValueError("an edge has a similarity that is not a number")
    proof = _walk(higher_rank, lower_rank, np.ascontiguousarray(jaccard, np.float64), documents.size)
    edge = proof[proof != _NO_EDGE]
    edge = edge[order_by(lower[edge])]
    return Drops(lower[edge], higher[edge], edge)
