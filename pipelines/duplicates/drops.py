"""From drops to one Parquet file of duplicates per block: each names its survivor by its public id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from dedup.survivors import survivors
from pipelines.duplicates.compared import BLOCK_SHIFT, ComparedBlock, read_columns, rows_of, words
from pipelines.duplicates.counts import count
from pipelines.duplicates.exact import exact_path
from pipelines.jobs.blobs import read_rows, receive, rows, split_by
from pipelines.tables import read_table, write_table
from pipelines.workspace import Dataset, write_json
from schemas.documents import DUPLICATE_SCHEMA, ID_TYPE
from schemas.reasons import Outcome
from storage.files import join
from storage.listing import list_files

DROP_ROW = np.dtype(
    [
        ("key", "<u8"),
        ("kept_key", "<u8"),
        ("near", "u1"),
        ("jaccard", "<f8"),
        ("containment", "<f8"),
        ("kept_id", "<u8", 2),
    ]
)
"""A dropped document, its survivor and the evidence; `kept_id` is filled in where the survivor's block is read."""


def duplicates_path(dataset: Dataset, block: int) -> str:
    """Where a block's duplicates are."""
    return dataset.path("blocks", f"{block:06d}.parquet")


def losses_path(dataset: Dataset, block: int) -> str:
    """Where it says how many documents of a block entered deduplication and were dropped, by language."""
    return dataset.path("losses", f"{block:06d}.json")


def near_drops(dropped: np.ndarray, kept: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """DROP_ROWs of near-duplicates; edges[i] is the verified pair that proves drop i."""
    return rows(
        DROP_ROW,
        key=dropped,
        kept_key=kept,
        near=np.ones(len(dropped)),
        jaccard=edges["jaccard"],
        containment=edges["containment"],
    )


class NearDropsInMemory(beam.DoFn):
    """directory of all verified pairs -> (survivor's block, drops), and counts: one pass in rank order."""

    def process(self, directory: str) -> Iterator[Any]:
        parts = [read_rows(join(directory, relative)) for relative, _, _ in list_files(directory)]
        if not parts:
            return
        edges = np.concatenate(parts)
        keys, first = np.unique(np.r_[edges["higher"], edges["lower"]], return_index=True)
        order = np.r_[edges["higher_order"], edges["lower_order"]][first]
        ids = np.r_[edges["higher_id"], edges["lower_id"]][first]
        found = survivors(edges["higher"], edges["lower"], edges["jaccard"], keys, order, ids)
        yield count("edges", len(edges))
        yield from _by_survivor(near_drops(found.dropped, found.kept, edges[found.edge]))


class ReadDrops(beam.DoFn):
    """path of drops -> (survivor's block, drops), and counts."""

    def process(self, path: str) -> Iterator[Any]:
        yield from _by_survivor(read_rows(path))


class ReadExactDrops(beam.DoFn):
    """(ordinal, block of this build) -> (survivor's block, exact drops), and counts."""

    def __init__(self, compared: Dataset) -> None:
        self._compared = compared

    def process(self, element: tuple[int, ComparedBlock]) -> Iterator[Any]:
        found = read_rows(exact_path(self._compared, element[0]))
        one = np.ones(len(found))
        yield from _by_survivor(
            rows(DROP_ROW, key=found["key"], kept_key=found["kept_key"], jaccard=one, containment=one)
        )


def _by_survivor(drops: np.ndarray) -> Iterator[Any]:
    yield count("drops_sent", len(drops))
    for block, part in split_by(drops["kept_key"] >> BLOCK_SHIFT, drops):
        yield block, part.tobytes()


class NameSurvivors(beam.DoFn):
    """(ordinal, block and the drops whose survivors it holds) -> (dropped document's block, drops), and counts."""

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        (block,) = element[1]["block"]
        drops = receive(DROP_ROW, element[1]["drops"]).copy()
        yield count("named_drops", len(drops))
        if not len(drops):
            return
        drops["kept_id"] = words(read_columns(block, ["id"])["id"])[rows_of(drops["kept_key"])]
        for ordinal, part in split_by(drops["key"] >> BLOCK_SHIFT, drops):
            yield ordinal, part.tobytes()


class WriteDuplicates(beam.DoFn):
    """(ordinal, block and its drops) -> the block's duplicates and losses; emits counts."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, int]]:
        ordinal, found = element
        drops = np.sort(receive(DROP_ROW, found["drops"]), order="key")
        kinds = np.where(drops["near"] != 0, Outcome.NEAR_DUPLICATE.value, Outcome.EXACT_DUPLICATE.value)
        columns = [
            pa.array(drops["key"]),
            pa.array(drops["kept_key"]),
            pa.array(list(map(bytes, np.ascontiguousarray(drops["kept_id"]).view("V16").ravel())), ID_TYPE),
            pa.array(kinds.astype(object), pa.string()),
            pa.array(drops["jaccard"]),
            pa.array(drops["containment"]),
        ]
        write_table(duplicates_path(self._dataset, ordinal), pa.table(columns, schema=DUPLICATE_SCHEMA))
        for block in found["block"]:
            write_json(losses_path(self._dataset, ordinal), _losses(block, rows_of(drops["key"])))
            yield "written_blocks", 1
        yield "written_drops", len(drops)


def _losses(block: ComparedBlock, dropped: np.ndarray) -> dict[str, list[int]]:
    """Language -> [documents that passed the filters, those of them that were dropped]."""
    table = read_table(block.table, ["language", "verdict"])
    fate = np.where(table["verdict"].to_numpy(zero_copy_only=False) == "", 0, -1)
    fate[dropped] = 1
    grouped = pa.table({"language": table["language"].fill_null(""), "fate": fate}).group_by(["language", "fate"])
    losses: dict[str, list[int]] = {}
    for row in grouped.aggregate([([], "count_all")]).to_pylist():
        if row["fate"] >= 0:
            loss = losses.setdefault(row["language"], [0, 0])
            loss[0] += row["count_all"]
            loss[1] += row["count_all"] * row["fate"]
    return losses
