"""One pass over the document tables: the kept documents, counted by where they come from.

Memory grows with the number of groups (repository and licence), not with that of documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.tables import reading
from schemas.config import BuildConfig
from schemas.manifest import Manifest
from schemas.reasons import Outcome
from schemas.sources import PileSource
from storage.files import join

PLACE = ("source", "repository", "subset", "license", "language")
"""What documents are grouped by. The repository is "" where a source has none."""
SUMS = ("documents", "bytes", "tokens", "redacted_documents", "redactions")
_EMPTY = pa.schema([*((name, pa.string()) for name in PLACE), *((name, pa.int64()) for name in SUMS)]).empty_table()
_COLUMNS = [*PLACE, "outcome", "bytes", "tokens", "redacted"]
_WAITING = 1 << 18
"""Rows of partial sums that may wait until they are added up."""


@dataclass(frozen=True)
class Kept:
    """Counts of the kept documents, and what their tables have in common."""

    groups: pa.Table
    """Columns PLACE and, int64, SUMS; in no order that means anything."""
    schema: pa.Schema
    """The columns that every document table has: which signals are stored differs between sources."""
    uniform: bool
    """Whether no table has others."""

    def by(self, *keys: str) -> pa.Table:
        """The same sums by fewer columns, ascending by their bytes."""
        return _summed(self.groups, keys).sort_by([(key, "ascending") for key in keys])

    @property
    def tokens(self) -> int:
        """Tokens of all kept documents, each counted once."""
        return pc.sum(self.groups["tokens"]).as_py() or 0


def count_kept(snapshot: str, manifest: Manifest) -> Kept:
    """Count a snapshot's kept documents from its document tables.

    Raises:
        StorageError: a table cannot be read.
    """
    sources = BuildConfig.model_validate(manifest.config).sources
    without = pa.array([name for name, source in sources.items() if isinstance(source, PileSource)], pa.string())
    total, waiting, rows = _EMPTY, list[pa.Table](), 0
    schemas: list[pa.Schema] = []
    for name in manifest.tables:
        with reading(join(snapshot, name)) as opened:
            file = pq.ParquetFile(opened)
            schemas.append(file.schema_arrow)
            part = _summed(_one_row_each(file.read(_COLUMNS, use_threads=False), without), PLACE)
        waiting.append(part)
        rows += part.num_rows
        if rows > max(_WAITING, total.num_rows):
            total, waiting, rows = _summed(pa.concat_tables([total, *waiting]), PLACE), [], 0
    common = set.intersection(*(set(schema.names) for schema in schemas)) if schemas else set()
    return Kept(
        groups=_summed(pa.concat_tables([total, *waiting]), PLACE),
        schema=pa.schema([field for field in (schemas[0] if schemas else ()) if field.name in common]),
        uniform=all(len(schema) == len(common) for schema in schemas),
    )


def _one_row_each(table: pa.Table, without_repositories: pa.Array) -> pa.Table:
    """The kept documents with what is summed. The Pile's files stand in `repository`, and are none."""
    table = table.filter(pc.equal(table["outcome"], Outcome.KEPT.value))
    places = pc.list_value_length(table["redacted"])
    nameless = pc.is_in(table["source"], value_set=without_repositories)
    return pa.table(
        {name: table[name] for name in PLACE}
        | {
            "repository": pc.if_else(nameless, "", table["repository"]),
            "documents": pa.repeat(pa.scalar(1, pa.int64()), table.num_rows),
            "bytes": table["bytes"],
            "tokens": table["tokens"],
            "redacted_documents": pc.cast(pc.greater(places, 0), pa.int64()),
            "redactions": pc.cast(places, pa.int64()),
        }
    )


def _summed(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Sums by keys, in the order in which these come first."""
    sums = table.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in SUMS])
    columns = [sums[key] for key in keys] + [sums[f"{name}_sum"] for name in SUMS]
    return pa.table(columns, names=[*keys, *SUMS])
