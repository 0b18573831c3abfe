"""The mixture of a snapshot: each subset's share of the text that was read, and of the tokens that are trained on."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from pipelines.tables import read_table
from schemas.manifest import TRAIN_SPLIT, Manifest
from schemas.reasons import Outcome
from storage.files import join


@dataclass(frozen=True)
class Subset:
    """One subset of a source, such as a `pile_set_name`; or a language, where the source has no subsets."""

    stage: str
    source: str
    name: str
    documents: int
    bytes: int
    kept: int
    copies: float
    """Exact copies of each text that was kept, itself counted: the epochs that the input held."""
    train_tokens: int
    """As often as they are placed."""
    share_before: float
    """Of the stage's bytes as they were read."""
    share_after: float
    """Of the stage's train tokens."""


def mixture(snapshot: str, manifest: Manifest) -> list[Subset]:
    """Count the subsets of each source from the document tables."""
    columns = ["source", "subset", "language", "bytes", "outcome", "split", "epochs", "tokens"]
    parts = [_counted(read_table(join(snapshot, name), columns)) for name in manifest.tables]
    if not parts:
        return []
    keys = ["source", "name"]
    sums = ["documents", "bytes", "kept", "exact", "train_tokens"]
    table = pa.concat_tables(parts).group_by(keys).aggregate([(name, "sum") for name in sums])
    rows = sorted(table.to_pylist(), key=lambda row: (row["source"], row["name"]))
    stage_of = {row.source: row.stage for row in manifest.ledger.sources}
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    for row in rows:
        stage = stage_of[row["source"]]
        before[stage] = before.get(stage, 0) + row["bytes_sum"]
        after[stage] = after.get(stage, 0) + row["train_tokens_sum"]
    order = list(stage_of)
    return [
        Subset(
            stage=(stage := stage_of[row["source"]]),
            source=row["source"],
            name=row["name"],
            documents=row["documents_sum"],
            bytes=row["bytes_sum"],
            kept=row["kept_sum"],
            copies=(row["kept_sum"] + row["exact_sum"]) / max(1, row["kept_sum"]),
            train_tokens=row["train_tokens_sum"],
            share_before=row["bytes_sum"] / max(1, before[stage]),
            share_after=row["train_tokens_sum"] / max(1, after[stage]),
        )
        for row in sorted(rows, key=lambda row: order.index(row["source"]))
    ]


def print_mixture(console: Console, subsets: list[Subset]) -> None:
    """Print the shares before and after."""
    table = Table(title="mixture", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "source", "subset"):
        table.add_column(name)
    for name in ("documents", "kept", "copies", "train tokens", "share of text read", "share of tokens"):
        table.add_column(name, justify="right")
    for subset in subsets:
        table.add_row(
            subset.stage,
            subset.source,
            subset.name or "-",
            f"{subset.documents:,}",
            f"{subset.kept:,}",
            f"{subset.copies:.2f}",
            f"{subset.train_tokens:,}",
            f"{subset.share_before:.1%}",
            f"{subset.share_after:.1%}",
        )
    console.print(table)


def _counted(table: pa.Table) -> pa.Table:
    """One row a document, with what `mixture` sums."""
    outcome = table["outcome"]
    trained = pc.and_(pc.equal(outcome, Outcome.KEPT.value), pc.equal(table["split"], TRAIN_SPLIT))
    placed = pc.multiply(pc.cast(table["epochs"], pa.int64()), table["tokens"])
    return pa.table(
        {
            "source": table["source"],
            "name": pc.if_else(pc.equal(table["subset"], ""), table["language"], table["subset"]),
            "documents": pa.array([1] * len(table), pa.int64()),
            "bytes": table["bytes"],
            "kept": pc.cast(pc.equal(outcome, Outcome.KEPT.value), pa.int64()),
            "exact": pc.cast(pc.equal(outcome, Outcome.EXACT_DUPLICATE.value), pa.int64()),
            "train_tokens": pc.fill_null(pc.if_else(pc.fill_null(trained, False), placed, 0), 0),
        }
    )
