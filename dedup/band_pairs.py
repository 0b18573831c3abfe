"""Candidates of all bands at once: each pair is made in the first band that finds it, and not again.

Near-duplicates share many of their bands, so that most of what `candidate_pairs` makes band by band is thrown
away by `distinct_pairs`. Where all bands of a document are at hand, it is cheaper to look at each other's earlier
buckets, which are 4 bytes a band.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.lanes import LANES, any_equal
from buffers.prefetch import prefetch
from dedup.candidates import CandidateStats, count_pairs, run_bounds
from dedup.rank import total_order
from dedup.repeated import repeated_runs

U32s = NDArray[np.uint32]
U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]

AHEAD = 16
"""Documents whose buckets are fetched before they are needed."""

_BEHIND_CAP = np.uint32(1 << 31)
_NUMBER = np.uint32((1 << 31) - 1)
_NO_BUCKET = np.uint32(0)
_NEVER = np.uint32(0xFFFFFFFF)


@kernel
def _fetch(buckets: U32s, row: int) -> None:
    width = buckets.shape[1]
    for part in range(0, width, LANES):
        prefetch(buckets, row * width + part)


@kernel
def _pair_up_new(
    bounds: I64s, ranks: I64s, keys: U64s, cap: int, band: int, buckets: U32s, higher: U64s, lower: U64s
) -> int:
    """Write the pairs of one band that no earlier band has; returns their number.

    Documents go by their rank here: ranks[bounds[i]:bounds[i + 1]] are those of bucket i, ascending, and keys
    are theirs. buckets [n, bands, up to whole LANES] holds the number from 1 of each document's bucket in each earlier
    band, 0 where it was alone; the highest bit is set where it came behind the `cap` best. This band's are added.
    """
    width = buckets.shape[1]
    earlier = (band + LANES - 1) // LANES * LANES
    largest = 0
    for bucket in range(bounds.size - 1):
        largest = max(largest, bounds[bucket + 1] - bounds[bucket])
    best = np.empty((min(largest, cap) + 1, width), np.uint32)  # the last for those behind the cap
    mine = np.empty(width, np.uint32)
    pairs = 0
    for bucket in range(bounds.size - 1):
        first = bounds[bucket]
        number = np.uint32(bucket + 1)
        for place in range(first, bounds[bucket + 1]):
            if place + AHEAD < ranks.size:
                _fetch(buckets, ranks[place + AHEAD])
            document = ranks[place]
            key = keys[place]
            before = min(place - first, cap)
            for other in range(earlier):
                # Equal to nothing where it was alone. A better one behind the cap is equal to nothing, either: there
                # the pair was not made.
                held = buckets[document, other]
                mine[other] = held & _NUMBER if held != _NO_BUCKET else _NEVER
                best[before, other] = held
            for better in range(before):
                met = False
                for part in range(0, earlier, LANES):
                    met |= any_equal(best, better * width + part, mine, part)
                higher[pairs] = keys[first + better]
                lower[pairs] = key
                pairs += not met
            buckets[document, band] = number | (_BEHIND_CAP if before == cap else _NO_BUCKET)
    return pairs


def band_pairs(band_keys: U64s, keys: U64s, order: U64s, id_hash: U64s, cap: int) -> tuple[U64s, U64s, CandidateStats]:
    """Pair the documents that share a key in some band, each pair once: `candidate_pairs` of every band, distinct.

    Args:
        band_keys: uint64 [n, bands], see `band_keys`.
        keys: uint64 [n], document keys, each once.
        order: uint64 [n], see `rank_order`.
        id_hash: uint64 [n], a hash of the document's id.
        cap: of each band, see `candidate_pairs`; at least 1.

    Returns:
        (higher, lower, stats): uint64 [pairs] document keys, by (first band that has the pair, band key, rank of
        lower, rank of higher). The counts of buckets are sums over bands. Memory: 4 bytes a document and band,
        and the pairs.
    """
    if cap < 1:
        raise ValueError(f"a cap of {cap} leaves no pairs")
    by_rank = total_order(order, id_hash, keys)
    ranked_keys = keys[by_rank]
    documents, bands = band_keys.shape
    buckets = np.zeros((documents, -(-bands // LANES) * LANES), np.uint32)
    found_higher, found_lower = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    higher, lower = np.zeros((2, 0), np.uint64)
    found = CandidateStats(0, 0, 0, 0)
    for band in range(bands):
        column = band_keys[:, band].copy()  # read in its order, so that it is near when it is read by rank
        ranks, starts = repeated_runs(column[by_rank])
        bounds = run_bounds(starts)
        stats = count_pairs(bounds, cap)
        if stats.pairs > higher.size:
            higher, lower = np.empty((2, stats.pairs), np.uint64)
        new = _pair_up_new(bounds, ranks, ranked_keys[ranks], cap, band, buckets, higher, lower)
        found_higher.append(higher[:new].copy())
        found_lower.append(lower[:new].copy())
        found = CandidateStats(
            buckets=found.buckets + stats.buckets,
            capped_buckets=found.capped_buckets + stats.capped_buckets,
            largest_bucket=max(found.largest_bucket, stats.largest_bucket),
            pairs=found.pairs + new,
        )
    return np.concatenate(found_higher), np.concatenate(found_lower), found
