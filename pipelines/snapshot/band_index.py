"""The band index: the kept documents' band keys in order, in a few files that one look-up reads little of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.bands import band_keys
from dedup.ranges import range_of
from pipelines.documents.block import Block
from pipelines.duplicates.compared import keys_of
from pipelines.jobs.blobs import receive, rows, send
from pipelines.jobs.exchange import Exchange, Value, exchange
from pipelines.jobs.progress import Done
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.tables import read_table, signatures_of, write_table
from pipelines.workspace import Dataset, read_json, write_json
from schemas.config import NearConfig
from schemas.documents import BAND_SCHEMA, bands_name, fingerprints_name, table_name
from schemas.errors import CheckFailed
from schemas.reasons import Outcome
from storage.files import exists, join, open_input
from storage.listing import list_files

ROWS_PER_PART = 8_000_000
GROUP_ROWS = 1 << 16
BAND_INDEX_ROW = np.dtype([("band_key", "<u8"), ("key", "<u8")])


def write_band_index(
    near: NearConfig, blocks: tuple[Block, ...], documents: int, output: str, dataset: Dataset, runner: Runner
) -> int:
    """Write the index of a snapshot's kept documents and return the number of its parts.

    Args:
        near: how many bands of how many rows.
        blocks: whose fingerprints and tables are in `output`.
        documents: kept ones that have a signature.
        output: the snapshot.
        dataset: where it says that the index is done.
        runner: where the job runs.
    """
    parts = 1 + documents * near.bands // ROWS_PER_PART
    paths = [join(output, bands_name(part, parts)) for part in range(parts)]
    if read_json(dataset.path("index.json")) == parts and all(map(exists, paths)):
        return parts

    def build(pipeline: beam.Pipeline, values: Exchange) -> None:
        every_part = hand_out(pipeline, "parts", range(parts), int, dataset.directory) | "Empty" >> beam.Map(_empty)
        ordinals = [block.ordinal for block in blocks]
        found = hand_out(pipeline, "blocks", ordinals, int, dataset.directory) | "Band keys" >> beam.ParDo(
            _BandKeys(near, output, parts, values)
        )
        (
            (every_part, found)
            | "Together" >> beam.Flatten()
            | "By range" >> beam.GroupByKey()
            | "Write parts" >> beam.ParDo(_WritePart(output, parts))
        )

    def done() -> Done:
        return Done(sum(name.startswith("bands-") for name, _, _ in list_files(join(output, "fingerprints"))))

    with runner.watch("index", parts, "parts", done), exchange(runner, dataset) as values:
        runner.run(lambda pipeline: build(pipeline, values), "index")
    written = 0
    for path in paths:
        with open_input(path) as source:
            written += pq.read_metadata(source).num_rows
    if written != documents * near.bands:
        raise CheckFailed(
            f"index: {written:,} of {documents * near.bands:,} band keys arrived: the runner lost some",
            "run the build again; if that fails too, with --workers 1",
        )
    write_json(dataset.path("index.json"), parts)
    return parts


def _empty(part: int) -> tuple[int, Value]:
    return part, b""


class _BandKeys(beam.DoFn):
    """block ordinal -> (part, band keys) of its kept documents."""

    def __init__(self, near: NearConfig, output: str, parts: int, values: Exchange) -> None:
        self._near = near
        self._output = output
        self._parts = parts
        self._values = values

    def process(self, block: int) -> Iterator[tuple[int, Value]]:
        outcomes = read_table(join(self._output, table_name(block)), ["outcome"])["outcome"]
        signatures = read_table(join(self._output, fingerprints_name(block)), ["signature"])["signature"]
        kept = signatures.is_valid().to_numpy() & (outcomes.to_numpy(zero_copy_only=False) == Outcome.KEPT.value)
        chosen = np.flatnonzero(kept)
        bands = band_keys(signatures_of(signatures, chosen), self._near.bands, self._near.rows)
        found = rows(BAND_INDEX_ROW, band_key=bands.ravel(), key=np.repeat(keys_of(block, chosen), self._near.bands))
        yield from send(self._values, f"index-{block:06d}", range_of(found["band_key"], self._parts), found)


class _WritePart(beam.DoFn):
    """(part, band keys) -> a file of the index; emits nothing."""

    def __init__(self, output: str, parts: int) -> None:
        self._output = output
        self._parts = parts

    def process(self, element: tuple[int, Iterable[Value]]) -> Iterator[Any]:
        part, values = element
        found = receive(BAND_INDEX_ROW, values)
        order = np.lexsort((found["key"], found["band_key"]))
        table = pa.table([found["band_key"][order], found["key"][order]], schema=BAND_SCHEMA)
        bounds = [*range(0, max(1, len(found)), GROUP_ROWS), len(found)]
        path = join(self._output, bands_name(part, self._parts))
        write_table(path, table, compression="none", bounds=bounds, statistics=["band_key"])
        yield from ()
