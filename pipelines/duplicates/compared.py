"""What is compared: the blocks of this build, and those of earlier snapshots."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from dedup.licenses import license_ranks
from dedup.rank import rank_order
from pipelines.documents.block import Block
from pipelines.duplicates.earlier import Earlier
from pipelines.jobs.tasks import hand_out
from pipelines.tables import hash_bytes, read_table
from pipelines.workspace import Dataset
from schemas.config import BuildConfig
from schemas.documents import fingerprints_name
from storage.files import join

ROW_MASK = np.uint64(0xFFFFFFFF)
BLOCK_SHIFT = np.uint64(32)
RANK_COLUMNS = ("id", "source", "license", "stars", "bytes")


@dataclass(frozen=True)
class ComparedBlock:
    """A block of documents. Those of this build come first; the blocks of earlier snapshots follow.

    Attributes:
        ordinal: upper half of its documents' keys.
        table: Parquet file with ids, ranks, `sha256` and `verdict`.
        fingerprints: Parquet file with `signature` and `text`, row for row as in `table`.
        origin: 0 for this build, n for the n-th earlier snapshot.
    """

    ordinal: int
    table: str
    fingerprints: str
    origin: int

    @property
    def is_earlier(self) -> bool:
        """Whether an earlier snapshot holds it: what became of its documents is settled."""
        return self.origin > 0


def compared_blocks(blocks: Sequence[Block], earlier: Sequence[Earlier]) -> tuple[ComparedBlock, ...]:
    """All blocks in the order of their ordinals."""
    compared = [ComparedBlock(block.ordinal, block.path, block.path, 0) for block in blocks]
    for origin, other in enumerate(earlier, 1):
        for block, table in enumerate(other.manifest.tables):
            compared.append(
                ComparedBlock(
                    len(compared),
                    join(other.snapshot, table),
                    join(other.snapshot, fingerprints_name(block)),
                    origin,
                )
            )
    return tuple(compared)


def keyed_blocks(pipeline: beam.Pipeline, blocks: Sequence[ComparedBlock], dataset: Dataset) -> Any:
    """A PCollection of (ordinal, block)."""
    return hand_out(pipeline, "blocks", blocks, ComparedBlock, dataset.directory) | "By ordinal" >> beam.Map(_keyed)


def _keyed(block: ComparedBlock) -> tuple[int, ComparedBlock]:
    return block.ordinal, block


@dataclass(frozen=True)
class Ranking:
    """How the documents of a build and of the snapshots before it are ranked, and which of them are compared.

    Attributes:
        priorities: by origin, the rank of each source; sources of earlier snapshots come first.
        scopes: by origin, a number for each source; documents are compared where it is the same.
    """

    priorities: tuple[dict[str, int], ...]
    scopes: tuple[dict[str, int], ...]

    @classmethod
    def of(cls, config: BuildConfig, earlier: Sequence[Earlier]) -> Ranking:
        """The ranking of a build."""
        configs = [config, *(BuildConfig.model_validate(other.manifest.config) for other in earlier)]
        priorities: list[dict[str, int]] = [{} for _ in configs]
        rank = 0
        for origin in (*range(1, len(configs)), 0):
            for source in configs[origin].sources:
                priorities[origin][source] = rank
                rank += 1
        scopes = tuple(
            {source: _scope(each.stage_of(source)) if config.dedup.scope == "stage" else 0 for source in each.sources}
            for each in configs
        )
        return cls(tuple(priorities), scopes)

    def scope(self, block: ComparedBlock, table: pa.Table) -> np.uint64:
        """A constant per set of documents that are compared: mixed into hashes, it keeps other sets apart."""
        return np.uint64(self.scopes[block.origin][_source(table)] if table.num_rows else 0)

    def ranks(
        self, block: ComparedBlock, table: pa.Table, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(keys, order, first id words) of some rows of a block, uint64 [rows] each."""
        if not len(rows):
            return (np.zeros(0, np.uint64),) * 3
        order = rank_order(
            self.priorities[block.origin][_source(table)],
            license_ranks(table["license"])[rows],
            table["stars"].to_numpy()[rows],
            table["bytes"].to_numpy()[rows],
        )
        return keys_of(block.ordinal, rows), order, words(table["id"])[rows, 0].astype(np.uint64)


def _source(table: pa.Table) -> str:
    """All documents of a block come from one source."""
    source: str = table["source"][0].as_py()
    return source


def _scope(stage: str) -> int:
    return int.from_bytes(hashlib.blake2b(stage.encode(), digest_size=8, person=b"codemill scope").digest(), "little")


def read_columns(block: ComparedBlock, columns: Sequence[str]) -> pa.Table:
    """Some columns of a block, from whichever file holds them."""
    hidden = [name for name in columns if name in ("signature", "text")]
    table = read_table(block.table, [name for name in columns if name not in hidden])
    if hidden:
        fingerprints = read_table(block.fingerprints, hidden)
        for name in hidden:
            table = table.append_column(name, fingerprints[name])
    return table


def keys_of(ordinal: int, rows: np.ndarray) -> np.ndarray:
    """Document keys of rows of a block, uint64 [rows]."""
    return np.uint64(ordinal << 32) | rows.astype(np.uint64)


def rows_of(keys: np.ndarray) -> np.ndarray:
    """Rows of document keys in their blocks, int64 [keys]."""
    return (keys & ROW_MASK).astype(np.int64)


def words(column: pa.ChunkedArray) -> np.ndarray:
    """Fixed-size binary [n] of w bytes -> uint64 [n, w // 8], little-endian."""
    return hash_bytes(column).view("<u8")
