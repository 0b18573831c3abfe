"""A block's documents to the shards that they belong to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.documents.block import Block
from pipelines.jobs.exchange import Exchange, Value
from pipelines.shards.contribution import DOCUMENT, Contribution
from pipelines.shards.packing import packing_of
from pipelines.shards.plan import PlannedSplit
from pipelines.tables import read_table
from pipelines.tokens.corpus_tokenizer import id_bytes
from pipelines.tokens.links import to_bytes
from pipelines.tokens.tokenise import links_path, tokens_path
from pipelines.workspace import Dataset
from schemas.config import BuildConfig
from schemas.keyed_hash import copy_ids


class ScatterBlock(beam.DoFn):
    """block -> (shard number, contribution) for the shards that are still to be written."""

    def __init__(
        self,
        config: BuildConfig,
        planned: tuple[PlannedSplit, ...],
        wanted: frozenset[int],
        tokens: Dataset,
        values: Exchange,
    ) -> None:
        self._config = config
        self._planned = planned
        self.wanted = wanted
        self._tokens = tokens
        self._values = values

    def process(self, block: Block) -> Iterator[tuple[int, Contribution]]:
        table = read_table(tokens_path(self._tokens, block.ordinal))
        rows, copies = _placements(table["epochs"].to_numpy())
        ids = id_bytes(table["id"])[rows]
        links = None
        if self._config.stages[block.stage].order == "repository":
            links = read_table(links_path(self._tokens, block.ordinal))
        splits = table["split"].to_numpy(zero_copy_only=False)[rows]
        groups = ids if links is None else id_bytes(links["group"])[rows]
        shards = self._shards_of(block, splits, copy_ids(ids, copies), copy_ids(groups, copies))
        # Stable: within a shard the documents stay in the block's order.
        order = np.argsort(shards, kind="stable")
        order = order[np.isin(shards[order], list(self.wanted))]
        documents = np.empty(rows.size, DOCUMENT)
        documents["id"], documents["copy"] = ids, copies
        documents["key"] = np.uint64(block.ordinal << 32) | table["row"].to_numpy().astype(np.uint64)[rows]
        documents["tokens"] = table["tokens"].to_numpy()[rows]
        bounds = np.flatnonzero(np.diff(shards[order], prepend=-1, append=-1)) if len(order) else np.zeros(1, np.int64)
        parts = [order[first:last] for first, last in itertools.pairwise(bounds)]
        name = f"{block.ordinal:06d}"
        described = self._values.put(f"{name}-documents", [documents[part] for part in parts])
        tokens = self._values.put(f"{name}-tokens", [_bytes_of(table["ids"].take(pa.array(rows[p]))) for p in parts])
        linked: list[Value] = [b""] * len(parts)
        if links is not None:
            linked = self._values.put(f"{name}-links", [to_bytes(links.take(pa.array(rows[p]))) for p in parts])
        for part, *values in zip(parts, described, tokens, linked, strict=True):
            yield int(shards[part[0]]), Contribution(*values)

    def _shards_of(self, block: Block, splits: np.ndarray, ids: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """The number of each document's shard, int64 [n]."""
        shards = np.full(len(ids), -1, np.int64)
        for split in self._planned:
            if split.stage == block.stage:
                rows = np.flatnonzero(splits == split.split)
                together = packing_of(self._config, split.stage, split.split).by_repository
                chosen = (groups if together else ids)[rows]
                shards[rows] = split.first + split.shard_of(self._config.seed, chosen)
        return shards


def _placements(epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, copy) of each place of each document, int64 and uint16."""
    rows = np.repeat(np.arange(len(epochs)), epochs)
    first = np.cumsum(epochs, dtype=np.int64) - epochs
    return rows, (np.arange(len(rows)) - first[rows]).astype(np.uint16)


def _bytes_of(column: pa.ChunkedArray) -> np.ndarray:
    """The values of a binary column, back to back, uint8."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(array.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
