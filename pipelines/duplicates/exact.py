"""Exact duplicates: rows by content hash, the drops of each hash range, and the drops of each block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from dedup.exact import exact_duplicates
from dedup.ranges import range_of
from pipelines.duplicates.compared import (
    BLOCK_SHIFT,
    RANK_COLUMNS,
    ComparedBlock,
    Ranking,
    read_columns,
    words,
)
from pipelines.duplicates.counts import count
from pipelines.jobs.blobs import receive, rows, send, split_by, write_rows
from pipelines.jobs.exchange import Exchange, Value
from pipelines.workspace import Dataset

EXACT_ROW = np.dtype([("hash_0", "<u8"), ("hash_1", "<u8"), ("key", "<u8"), ("order", "<u8"), ("id", "<u8")])
"""A document in the exact search: half of its SHA-256, its key, its rank and the first half of its id."""

EXACT_DROP = np.dtype([("key", "<u8"), ("kept_key", "<u8")])
"""A document that is dropped, and the best ranked of equal content."""


def exact_path(dataset: Dataset, block: int) -> str:
    """Where a block's exact drops are."""
    return dataset.path("exact", f"{block:06d}.npy")


class ExactRows(beam.DoFn):
    """(ordinal, block) -> (hash range, exact rows) of the documents that passed the filters, and counts."""

    def __init__(self, ranking: Ranking, partitions: int, values: Exchange) -> None:
        self._ranking = ranking
        self._partitions = partitions
        self._values = values

    def process(self, element: tuple[int, ComparedBlock]) -> Iterator[Any]:
        block = element[1]
        table = read_columns(block, [*RANK_COLUMNS, "verdict", "sha256"])
        passed = np.flatnonzero(table["verdict"].to_numpy(zero_copy_only=False) == "")
        keys, order, ids = self._ranking.ranks(block, table, passed)
        hashes = words(table["sha256"])[passed]
        first = hashes[:, 0] ^ self._ranking.scope(block, table)
        found = rows(EXACT_ROW, hash_0=first, hash_1=hashes[:, 1], key=keys, order=order, id=ids)
        yield count("exact_blocks", 1)
        yield count("exact_rows_sent", len(found))
        yield from send(self._values, f"exact-{block.ordinal:06d}", range_of(first, self._partitions), found)


class ExactDrops(beam.DoFn):
    """(hash range, exact rows) -> (block ordinal, exact drops) of this build's blocks, and counts."""

    def __init__(self, own_blocks: int) -> None:
        self._own_blocks = np.uint64(own_blocks)

    def process(self, element: tuple[int, Iterable[Value]]) -> Iterator[Any]:
        found = receive(EXACT_ROW, element[1])
        hashes = np.stack([found["hash_0"], found["hash_1"]], axis=1)
        dropped, kept = exact_duplicates(hashes, found["key"], found["order"], found["id"])
        drops = rows(EXACT_DROP, key=dropped, kept_key=kept)[dropped >> BLOCK_SHIFT < self._own_blocks]
        yield count("exact_rows", len(found))
        yield count("exact_drops_sent", len(drops))
        for block, part in split_by(drops["key"] >> BLOCK_SHIFT, drops):
            yield block, part.tobytes()


class WriteExact(beam.DoFn):
    """(ordinal, block and its exact drops) -> (block, its dropped keys), counts, and a file of drops."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        (block,) = element[1]["block"]
        drops = np.sort(receive(EXACT_DROP, element[1]["exact"]), order="key")
        if not block.is_earlier:
            write_rows(exact_path(self._dataset, block.ordinal), drops)
        yield count("exact_drops", len(drops))
        yield count("written_blocks", 1)
        yield block, drops["key"]
