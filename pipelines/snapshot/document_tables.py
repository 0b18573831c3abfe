"""The document tables of a snapshot, and beside them the fingerprints.

They hold one row per harvested document: everything but text and sketch, with its outcome. They are what `explain` and
`report` read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.documents.block import Block, Harvest, amounts_of
from pipelines.duplicates import duplicates_path
from pipelines.duplicates.compared import rows_of
from pipelines.jobs.progress import Tally
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.snapshot.fingerprints import fingerprints_table, group_bounds
from pipelines.tables import read_table, write_table
from pipelines.tokens.tokenise import tokens_path
from pipelines.workspace import Dataset, read_json, read_many, write_json
from schemas.documents import FINAL_COLUMNS, fingerprints_name, table_name
from schemas.errors import CheckFailed
from schemas.reasons import Outcome
from storage.files import join, open_input
from storage.listing import list_files

HIDDEN_COLUMNS = ("text", "signature")


def write_tables(
    found: Harvest, duplicates: Dataset, tokens: Dataset, output: str, dataset: Dataset, near: bool, runner: Runner
) -> dict[int, dict[str, Any]]:
    """One table, with `near` fingerprints, and one count per block; returns the counts by block."""
    counted = {relative for relative, _, _ in list_files(dataset.path("counts"))}
    written = {
        f"{name}/{relative}"
        for name in ("documents", "fingerprints")
        for relative, _, _ in list_files(join(output, name))
    }

    def is_written(block: int) -> bool:
        files = {table_name(block), fingerprints_name(block)} if near else {table_name(block)}
        return f"{block:06d}.json" in counted and files <= written

    waiting = [block for block in found.blocks if not is_written(block.ordinal)]
    if waiting:
        step = _WriteTable(duplicates, tokens, output, dataset, near)
        tally = Tally(dataset.path("counts"), amounts_of(found.blocks))
        with runner.watch("publish", len(found.blocks), "blocks", tally):
            runner.run(
                lambda pipeline: (
                    hand_out(pipeline, "blocks", waiting, Block, dataset.directory) | "Write tables" >> beam.ParDo(step)
                ),
                "publish",
            )
    ordinals = [block.ordinal for block in found.blocks]
    counts = read_many(read_json, [dataset.path("counts", f"{ordinal:06d}.json") for ordinal in ordinals])
    return dict(zip(ordinals, counts, strict=True))


class _WriteTable(beam.DoFn):
    """block -> its document table and fingerprints in the snapshot, and its outcome counts; emits nothing."""

    def __init__(self, duplicates: Dataset, tokens: Dataset, output: str, dataset: Dataset, near: bool) -> None:
        self._duplicates = duplicates
        self._tokens = tokens
        self._output = output
        self._dataset = dataset
        self._near = near

    def process(self, block: Block) -> Iterator[None]:
        table = final_table(
            read_table_without(block.path, HIDDEN_COLUMNS),
            read_table(duplicates_path(self._duplicates, block.ordinal)),
            read_table(tokens_path(self._tokens, block.ordinal), ["row", "split", "epochs", "tokens"]),
        )
        write_table(join(self._output, table_name(block.ordinal)), table)
        searched = 0
        if self._near:
            prints = fingerprints_table(read_table(block.path, HIDDEN_COLUMNS), table["outcome"])
            searched = prints.num_rows - prints["text"].null_count
            write_table(join(self._output, fingerprints_name(block.ordinal)), prints, bounds=group_bounds(prints))
        grouped = table.group_by("outcome").aggregate([("bytes", "count"), ("bytes", "sum"), ("tokens", "count")])
        kept = table.filter(pc.equal(table["outcome"], Outcome.KEPT.value))
        if kept["tokens"].null_count or any(r["tokens_count"] for r in grouped.to_pylist() if r["outcome"] != "kept"):
            raise CheckFailed(
                f"block {block.ordinal}: the kept documents are not the tokenised ones",
                "this is a defect of codemill: report it",
            )
        epochs, tokens = (kept[name].to_numpy().astype(np.int64) for name in ("epochs", "tokens"))
        counts = {
            "outcomes": {r["outcome"]: [r["bytes_count"], r["bytes_sum"]] for r in grouped.to_pylist()},
            "searched": searched,
            "tokens": int(tokens.sum()),
            "placements": int(epochs.sum()),
            "placed_tokens": int((epochs * tokens).sum()),
        }
        write_json(self._dataset.path("counts", f"{block.ordinal:06d}.json"), counts)
        yield from ()


def read_table_without(path: str, hidden: tuple[str, ...]) -> pa.Table:
    """A Parquet file without some of its columns, which are not even read."""
    with open_input(path) as source:
        names = [name for name in pq.read_schema(source).names if name not in hidden]
    return read_table(path, names)


def final_table(documents: pa.Table, duplicates: pa.Table, tokens: pa.Table) -> pa.Table:
    """A block's documents with FINAL_COLUMNS: each row's outcome, evidence, split and token count."""
    count = documents.num_rows
    outcomes = np.full(count, Outcome.KEPT.value, object)
    verdicts = documents["verdict"].to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(verdicts != ""):
        outcomes[row] = Outcome.FILTERED.because(verdicts[row])
    dropped = rows_of(duplicates["key"].to_numpy())
    outcomes[dropped] = duplicates["kind"].to_numpy(zero_copy_only=False)
    from_duplicates = _scatter(dropped, count)
    from_tokens = _scatter(tokens["row"].to_numpy().astype(np.int64), count)
    added = {
        "outcome": pa.array(outcomes, pa.string()),
        **{name: duplicates[name].take(from_duplicates) for name in ("kept_key", "kept_id", "jaccard", "containment")},
        **{name: tokens[name].take(from_tokens) for name in ("split", "epochs", "tokens")},
    }
    for name, kind in FINAL_COLUMNS:
        documents = documents.append_column(pa.field(name, kind), added[name])
    return documents.combine_chunks()


def _scatter(rows: np.ndarray, count: int) -> pa.Array:
    """Indices that put item i of a small table at row `rows[i]` of a large one; null elsewhere."""
    index = np.zeros(count, np.int64)
    missing = np.ones(count, np.bool_)
    index[rows] = np.arange(len(rows))
    missing[rows] = False
    return pa.array(index, mask=missing)
