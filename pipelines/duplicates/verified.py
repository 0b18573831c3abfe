"""Verified pairs: the shingle sets of candidates, compared in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa

from buffers.texts import Texts
from dedup.distinct_pairs import distinct_pairs
from dedup.places import Places
from dedup.shingles import shingle_sets
from dedup.verify import verify
from pipelines.duplicates.candidates import CANDIDATE_ROW, REQUEST_ROW
from pipelines.duplicates.compared import RANK_COLUMNS, Ranking, read_columns, rows_of
from pipelines.duplicates.counts import count
from pipelines.jobs.blobs import receive, rows, write_rows
from pipelines.jobs.exchange import Exchange, Value
from pipelines.workspace import Dataset
from schemas.config import NearConfig
from schemas.errors import CheckFailed
from storage.files import join

MEMBER_ROW = np.dtype([("key", "<u8"), ("order", "<u8"), ("id", "<u8"), ("shingles", "<i8")])
"""A document whose shingle set is on its way, and how large the set is."""

EDGE_ROW = np.dtype(
    [
        ("higher", "<u8"),
        ("lower", "<u8"),
        ("higher_order", "<u8"),
        ("higher_id", "<u8"),
        ("lower_order", "<u8"),
        ("lower_id", "<u8"),
        ("jaccard", "<f8"),
        ("containment", "<f8"),
    ]
)
"""A verified pair with the ranks of both documents; `higher` has the better one."""


def edges_directory(dataset: Dataset) -> str:
    """Where the verified pairs of all buckets are."""
    return dataset.path("edges")


def edges_path(dataset: Dataset, bucket: int) -> str:
    """Where a bucket's verified pairs are, if it has some."""
    return join(edges_directory(dataset), f"{bucket:06d}.npy")


class Sets(NamedTuple):
    """Shingle sets that one block sends to one bucket."""

    members: bytes
    """MEMBER_ROW of each document."""
    shingles: Value
    """Their sets, one after the other."""


class ShingleSets(beam.DoFn):
    """(ordinal, block and requests) -> (bucket, sets) of the requested documents."""

    def __init__(self, ranking: Ranking, values: Exchange) -> None:
        self._ranking = ranking
        self._values = values

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        wanted = receive(REQUEST_ROW, element[1]["requests"])
        if not len(wanted):
            return
        (block,) = element[1]["block"]
        keys = np.unique(wanted["key"])
        chosen = rows_of(keys)
        table = read_columns(block, [*RANK_COLUMNS, "text"])
        values, offsets = shingle_sets(Texts.from_arrow(table["text"].take(pa.array(chosen))))
        members = rows(
            MEMBER_ROW,
            **dict(zip(("key", "order", "id"), self._ranking.ranks(block, table, chosen), strict=True)),
            shingles=np.diff(offsets),
        )
        wanted = wanted[distinct_pairs(wanted["bucket"], wanted["key"])]
        buckets = np.unique(wanted["bucket"])
        parts = [np.searchsorted(keys, wanted["key"][wanted["bucket"] == bucket]) for bucket in buckets]
        sets = self._values.put(
            f"sets-{block.ordinal:06d}",
            [np.concatenate([values[offsets[m] : offsets[m + 1]] for m in part]) for part in parts],
        )
        for bucket, part, shingles in zip(buckets, parts, sets, strict=True):
            yield int(bucket), Sets(members[part].tobytes(), shingles)


class VerifiedPairs(beam.DoFn):
    """(bucket, pairs and sets) -> a file of verified pairs, and counts: the shingle sets decide."""

    def __init__(self, near: NearConfig, dataset: Dataset) -> None:
        self._near = near
        self._dataset = dataset

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        bucket, found = element
        pairs = receive(CANDIDATE_ROW, found["pairs"])
        yield count("pairs", len(pairs))
        if not len(pairs):
            return
        pairs = pairs[distinct_pairs(pairs["lower"], pairs["higher"])]
        members, offsets, shingles = _join(found["sets"])
        places = Places(members["key"])
        (high, no_high), (low, no_low) = (places.of(pairs[name]) for name in ("higher", "lower"))
        if no_high or no_low:
            raise CheckFailed("deduplicate: the runner lost shingle sets", "run the build again")
        jaccard, containment = verify(shingles, offsets, high, low)
        similar = jaccard >= self._near.jaccard
        if self._near.containment is not None:
            longer = members["shingles"][high] >= members["shingles"][low]
            similar |= (containment >= self._near.containment) & longer
        edges = rows(
            EDGE_ROW,
            higher=pairs["higher"],
            lower=pairs["lower"],
            higher_order=members["order"][high],
            higher_id=members["id"][high],
            lower_order=members["order"][low],
            lower_id=members["id"][low],
            jaccard=jaccard,
            containment=containment,
        )[similar]
        yield count("distinct_pairs", len(pairs))
        yield count("verified_pairs", len(edges))
        if len(edges):
            write_rows(edges_path(self._dataset, bucket), edges)


def _join(parts: Iterable[Sets]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(members, offsets, shingles) of all sets of a bucket."""
    arrived = list(parts)
    members = receive(MEMBER_ROW, [part.members for part in arrived])
    shingles = receive(np.dtype("<u8"), [part.shingles for part in arrived])
    return members, np.r_[0, np.cumsum(members["shingles"])], shingles
