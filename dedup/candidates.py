"""Candidates: pairs of documents that share a band key and are worth comparing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.radix import Flags, refine
from dedup.repeated import repeated_runs

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]


class CandidateStats(NamedTuple):
    """What the buckets of one call looked like.

    Attributes:
        buckets: band keys that more than one document has.
        capped_buckets: those of more than `cap` documents, in which not all pairs are made.
        largest_bucket: documents of the largest bucket; 0 without buckets.
        pairs: pairs returned.
    """

    buckets: int
    capped_buckets: int
    largest_bucket: int
    pairs: int


@kernel
def _pair_up(bounds: I64s, keys: U64s, cap: int, higher: U64s, lower: U64s) -> None:
    """Pair the documents of each bucket keys[bounds[i]:bounds[i + 1]], which are in rank order."""
    pairs = 0
    for bucket in range(bounds.size - 1):
        first = bounds[bucket]
        for document in range(first + 1, bounds[bucket + 1]):
            for better in range(first, min(document, first + cap)):
                higher[pairs] = keys[better]
                lower[pairs] = keys[document]
                pairs += 1


def run_bounds(starts: Flags) -> I64s:
    """Where the runs of `repeated_runs` begin, and the last ends: int64 [runs + 1]."""
    return np.append(np.flatnonzero(starts), starts.size)


def count_pairs(bounds: I64s, cap: int) -> CandidateStats:
    """What pairing up buckets of these bounds gives."""
    sizes = np.diff(bounds)
    small = np.minimum(sizes, cap)
    return CandidateStats(
        buckets=sizes.size,
        capped_buckets=int((sizes > cap).sum()),
        largest_bucket=int(sizes.max(initial=0)),
        pairs=int((small * (small - 1) // 2 + (sizes - small) * cap).sum()),
    )


def candidate_pairs(
    band_keys: U64s, keys: U64s, order: U64s, id_hash: U64s, cap: int
) -> tuple[U64s, U64s, CandidateStats]:
    """Pair the documents that share a band key, the better ranked one first.

    In a bucket of at most `cap` documents all pairs are made; in a larger one each document is paired with
    the `cap` best of those ranked before it, so that n documents make fewer than n * cap pairs. The result
    depends neither on the order of the input nor on how band keys are spread over calls.

    Args:
        band_keys: uint64 [n], from one band or several; a document stands once for each of its bands.
        keys: uint64 [n], document keys.
        order: uint64 [n], see `rank_order`.
        id_hash: uint64 [n], a hash of the document's id.
        cap: at least 1.

    Returns:
        (higher, lower, stats): uint64 [pairs] document keys, by (band key, rank of lower, rank of higher). A
        pair that shares several bands stands once for each.
    """
    if cap < 1:
        raise ValueError(f"a cap of {cap} leaves no pairs")
    by_rank, starts = repeated_runs(band_keys)
    bounds = run_bounds(starts)
    for column in (order, id_hash, keys):
        refine(column, by_rank, starts)
    stats = count_pairs(bounds, cap)
    higher = np.empty(stats.pairs, np.uint64)
    lower = np.empty(stats.pairs, np.uint64)
    _pair_up(bounds, keys[by_rank], cap, higher, lower)
    return higher, lower, stats
