"""Candidates: band rows by range of band keys, and the pairs that share one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from dedup.band_pairs import band_pairs
from dedup.bands import band_keys
from dedup.candidates import CandidateStats, candidate_pairs
from dedup.distinct_pairs import distinct_pairs
from dedup.ranges import range_of
from pipelines.duplicates.compared import (
    BLOCK_SHIFT,
    RANK_COLUMNS,
    ComparedBlock,
    Ranking,
    read_columns,
    rows_of,
)
from pipelines.duplicates.counts import count
from pipelines.jobs.blobs import receive, rows, send
from pipelines.jobs.exchange import Exchange, Value
from pipelines.tables import signatures_of
from schemas.config import NearConfig
from schemas.reasons import Outcome

BAND_ROW = np.dtype([("band_key", "<u8"), ("key", "<u8"), ("order", "<u8"), ("id", "<u8"), ("dropped", "u1")])
"""A document in one band; `dropped` by an earlier snapshot, it takes its place in the bucket and no more."""

CANDIDATE_ROW = np.dtype([("higher", "<u8"), ("lower", "<u8")])
"""Keys of two documents to be compared; `higher` has the better rank."""

REQUEST_ROW = np.dtype([("key", "<u8"), ("bucket", "<u8")])
"""A document whose shingle set a bucket of pairs needs."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def bucket_of(keys: np.ndarray, buckets: int) -> np.ndarray:
    """The bucket of pairs of each lower document, uint64: its pairs are verified and settled together.

    By the lower one, because it is a few higher documents of a hot bucket that many lower ones are compared with: sets
    of the many then travel once, those of the few to every bucket.
    """
    return range_of(keys * _SPREAD, buckets)


class BandRows(beam.DoFn):
    """(block, dropped keys) -> (range of band keys, band rows) of the remaining documents, and counts."""

    def __init__(self, near: NearConfig, ranking: Ranking, partitions: int, values: Exchange) -> None:
        self._near = near
        self._ranking = ranking
        self._partitions = partitions
        self._values = values

    def process(self, element: tuple[ComparedBlock, np.ndarray]) -> Iterator[Any]:
        block, exact = element
        settled = ["outcome"] if block.is_earlier else []
        table = read_columns(block, [*RANK_COLUMNS, "signature", *settled])
        alive = table["signature"].is_valid().to_numpy()
        alive[rows_of(exact)] = False
        chosen = np.flatnonzero(alive)
        yield count("band_blocks", 1)
        if not len(chosen):
            return
        keys, order, ids = self._ranking.ranks(block, table, chosen)
        bands = band_keys(signatures_of(table["signature"], chosen), self._near.bands, self._near.rows)
        bands ^= self._ranking.scope(block, table)
        found = rows(
            BAND_ROW,
            band_key=bands.ravel(),
            key=np.repeat(keys, self._near.bands),
            order=np.repeat(order, self._near.bands),
            id=np.repeat(ids, self._near.bands),
        )
        if settled:
            kept = table["outcome"].to_numpy(zero_copy_only=False)[chosen] == Outcome.KEPT.value
            found["dropped"] = np.repeat(~kept, self._near.bands)
        yield count("band_rows_sent", len(found))
        yield from send(
            self._values, f"bands-{block.ordinal:06d}", range_of(found["band_key"], self._partitions), found
        )


class CandidatePairs(beam.DoFn):
    """(range of band keys, band rows) -> (bucket, pairs), requests for shingle sets by block, and counts.

    Pairs are made of everything that shares a band key; only those that may drop a document of this build go on.
    """

    def __init__(self, near: NearConfig, partitions: int, own_blocks: int, buckets: int, values: Exchange) -> None:
        self._near = near
        self._partitions = partitions
        self._own_blocks = np.uint64(own_blocks)
        self._buckets = buckets
        self._values = values

    def process(self, element: tuple[int, Iterable[Value]]) -> Iterator[Any]:
        part = f"{element[0]:06d}"
        found = receive(BAND_ROW, element[1])
        higher, lower, stats = self._pairs(found)
        useful = lower >> BLOCK_SHIFT < self._own_blocks
        if found["dropped"].any():
            useful &= ~np.isin(higher, found["key"][found["dropped"] != 0])
        pairs = rows(CANDIDATE_ROW, higher=higher[useful], lower=lower[useful])
        yield count("band_rows", len(found))
        yield count("candidate_pairs", len(pairs))
        yield count("capped_buckets", stats.capped_buckets)
        yield count("largest_bucket", stats.largest_bucket)
        if not len(pairs):
            return
        buckets = bucket_of(pairs["lower"], self._buckets)
        yield from send(self._values, f"pairs-{part}", buckets, pairs)
        compared, needed = np.r_[pairs["higher"], pairs["lower"]], np.r_[buckets, buckets]
        first = distinct_pairs(compared, needed)
        requests = rows(REQUEST_ROW, key=compared[first], bucket=needed[first])
        for block, value in send(self._values, f"requests-{part}", requests["key"] >> BLOCK_SHIFT, requests):
            yield beam.pvalue.TaggedOutput("requests", (block, value))

    def _pairs(self, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, CandidateStats]:
        """(higher, lower, what the buckets looked like) of the candidate pairs of a range, each once."""
        cap, bands = self._near.bucket_cap, self._near.bands
        if self._partitions > 1:
            shared, keys, order, ids = (np.ascontiguousarray(found[n]) for n in ("band_key", "key", "order", "id"))
            higher, lower, stats = candidate_pairs(shared, keys, order, ids, cap)
            distinct = distinct_pairs(higher, lower)
            return higher[distinct], lower[distinct], stats
        # All bands of all documents are here, one document after the other.
        documents = found[::bands]
        keys, order, ids = (np.ascontiguousarray(documents[name]) for name in ("key", "order", "id"))
        return band_pairs(found["band_key"].reshape(-1, bands), keys, order, ids, cap)
