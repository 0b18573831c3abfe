"""Shard: token ids -> TFRecord shards and their provenance.

Only token ids travel. A document's shard and its place in the stream come from keyed hashes of its id, for each of its
copies anew where a weight repeats it; the records of a shard are then permuted, so that neighbours in a file are not
neighbours in a document.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.code_version import code_hash
from pipelines.corpus_tokenizer import id_bytes
from pipelines.exchange import Exchange, Value, exchange
from pipelines.harvest import Block, Harvest
from pipelines.runner import Runner
from pipelines.shard_plan import PlannedSplit, plan_shards
from pipelines.snapshot_files import unpublish
from pipelines.tables import read_table, write_table
from pipelines.tokenise import id_dtype, tokens_path
from pipelines.workspace import Dataset, Workspace, read_json, write_json
from schemas.config import BuildConfig
from schemas.documents import ID_TYPE, PROVENANCE_SCHEMA
from schemas.errors import CheckFailed
from schemas.keyed_hash import copy_ids
from schemas.record_layout import RecordLayout
from schemas.shard_file import write_shard
from storage.files import delete_tree, join
from storage.listing import list_files
from tokenization.packing import pack, record_order


class Contribution(NamedTuple):
    """One block's part of a shard, its documents in the block's order."""

    ids: bytes
    """16 bytes a document."""
    copies: bytes
    """uint16 a document: which of its copies."""
    keys: bytes
    """uint64 a document: block << 32 | row."""
    lengths: bytes
    """int64 a document."""
    tokens: Value
    """Token ids of all of them."""


NOTHING = Contribution(b"", b"", b"", b"", b"")


def shard(
    config: BuildConfig,
    found: Harvest,
    tokens: Dataset,
    tokenizer: dict[str, Any],
    output: str,
    workspace: Workspace,
    runner: Runner,
) -> tuple[Dataset, tuple[PlannedSplit, ...]]:
    """Run the pass; shards and provenance are in the dataset's `output` directory under their snapshot names."""
    code = code_hash(
        "tokenization", "pipelines.shard", "pipelines.shard_plan", "schemas.record_layout", "schemas.keyed_hash"
    )
    part = config.shards.model_dump(mode="json")
    dataset = workspace.dataset("shard", code, part, config.seed, tokens.directory, output)
    layout = RecordLayout(config.shards.context_length)
    summary = tokens.summary()
    assert summary is not None
    planned = plan_shards(summary["splits"], config.shards, layout.record_bytes)
    _claim(workspace, dataset, output)
    done = _done(dataset, output)
    total = sum(split.shards for split in planned)
    waiting = frozenset(range(total)) - done

    def count() -> int:
        return len(list_files(dataset.path("shards")))

    if waiting:
        unpublish(output)
        with runner.watch("shard", total, "shards", count), exchange(runner, dataset) as values:
            scatter = ScatterBlock(config.seed, planned, waiting, tokens, values)
            dtype = id_dtype(tokenizer["size"])
            gather = WriteShard(config.seed, planned, layout, tokenizer["separator_id"], dtype, output, dataset)
            runner.run(partial(_job, blocks=found.blocks, scatter=scatter, gather=gather))
    _check_complete(planned, summary["splits"], dataset)
    return dataset, planned


def _check_complete(
    planned: tuple[PlannedSplit, ...], totals: dict[str, dict[str, list[int]]], dataset: Dataset
) -> None:
    """Compare what the shards hold with what the tokenise pass counted: a runner that loses elements is noticed."""
    for split in planned:
        markers = [written_shard(dataset, split.first + index) for index in range(split.shards)]
        held = [sum(marker[name] for marker in markers) for name in ("documents", "document_tokens")]
        if held != totals[split.stage][split.split]:
            documents, expected = held[0], totals[split.stage][split.split][0]
            delete_tree(dataset.path("shards"))
            raise CheckFailed(
                f"{split.stage}/{split.split}: the runner brought {documents:,} of {expected:,} documents to a shard",
                "run the build again; if that fails too, with --workers 1",
            )


def _job(pipeline: beam.Pipeline, blocks: tuple[Block, ...], scatter: ScatterBlock, gather: WriteShard) -> None:
    # A shard that no document falls into is still a file: names count through all of them.
    every_shard = pipeline | "Shards" >> beam.Create([(number, NOTHING) for number in sorted(scatter.wanted)])
    contributions = (
        pipeline
        | "Blocks" >> beam.Create(list(blocks))
        | "Spread" >> beam.Reshuffle()
        | "Scatter" >> beam.ParDo(scatter)
    )
    (
        (every_shard, contributions)
        | "Together" >> beam.Flatten()
        | "By shard" >> beam.GroupByKey()
        | "Write shards" >> beam.ParDo(gather)
    )


def _claim(workspace: Workspace, dataset: Dataset, output: str) -> None:
    """Make `output` hold this dataset's shards: what another config wrote under the same names is not ours."""
    owner = join(workspace.root, "output-owner.json")
    if read_json(owner) != dataset.directory:
        unpublish(output)
        delete_tree(dataset.path("shards"))
        delete_tree(join(output, "documents"))
        write_json(owner, dataset.directory)


def _done(dataset: Dataset, output: str) -> set[int]:
    """Shards that have a marker and are still where it says, whole."""
    present = {f"shards/{relative}": size for relative, size, _ in list_files(join(output, "shards"))}
    numbers = [int(relative.removesuffix(".json")) for relative, _, _ in list_files(dataset.path("shards"))]
    markers = {number: written_shard(dataset, number) for number in numbers}
    return {number for number, marker in markers.items() if present.get(marker["name"]) == marker["bytes"]}


def written_shard(dataset: Dataset, number: int) -> dict[str, Any]:
    """What a finished shard's marker says."""
    marker: dict[str, Any] = read_json(dataset.path("shards", f"{number:06d}.json"))
    return marker


class ScatterBlock(beam.DoFn):
    """block -> (shard number, contribution) for the wave's shards."""

    def __init__(
        self,
        seed: int,
        planned: tuple[PlannedSplit, ...],
        wanted: frozenset[int],
        tokens: Dataset,
        values: Exchange,
    ) -> None:
        self._seed = seed
        self._planned = planned
        self.wanted = wanted
        self._tokens = tokens
        self._values = values

    def process(self, block: Block) -> Iterator[tuple[int, Contribution]]:
        table = read_table(tokens_path(self._tokens, block.ordinal))
        rows, copies = _placements(table["epochs"].to_numpy())
        ids = id_bytes(table["id"])[rows]
        shards = self._shards_of(block, table["split"].to_numpy(zero_copy_only=False)[rows], copy_ids(ids, copies))
        # Stable: within a shard the documents stay in the block's order.
        order = np.argsort(shards, kind="stable")
        order = order[np.isin(shards[order], list(self.wanted))]
        keys = np.uint64(block.ordinal << 32) | table["row"].to_numpy().astype(np.uint64)[rows]
        lengths = table["tokens"].to_numpy()[rows]
        bounds = np.flatnonzero(np.diff(shards[order], prepend=-1, append=-1)) if len(order) else np.zeros(1, np.int64)
        parts = [order[first:last] for first, last in itertools.pairwise(bounds)]
        tokens = self._values.put(
            f"{block.ordinal:06d}", [_bytes_of(table["ids"].take(pa.array(rows[p]))) for p in parts]
        )
        for part, value in zip(parts, tokens, strict=True):
            yield (
                int(shards[part[0]]),
                Contribution(
                    ids[part].tobytes(), copies[part].tobytes(), keys[part].tobytes(), lengths[part].tobytes(), value
                ),
            )

    def _shards_of(self, block: Block, splits: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """The number of each document's shard, int64 [n]."""
        shards = np.full(len(ids), -1, np.int64)
        for split in self._planned:
            if split.stage == block.stage:
                rows = np.flatnonzero(splits == split.split)
                shards[rows] = split.first + split.shard_of(self._seed, ids[rows])
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


class WriteShard(beam.DoFn):
    """(shard number, contributions) -> shard, provenance and marker on storage; emits nothing."""

    def __init__(
        self,
        seed: int,
        planned: tuple[PlannedSplit, ...],
        layout: RecordLayout,
        separator_id: int,
        dtype: np.dtype[Any],
        output: str,
        dataset: Dataset,
    ) -> None:
        self._seed = seed
        self._planned = planned
        self._layout = layout
        self._separator_id = separator_id
        self._dtype = dtype
        self._output = output
        self._dataset = dataset

    def process(self, element: tuple[int, Iterable[Contribution]]) -> Iterator[None]:
        number, contributions = element
        split = next(s for s in self._planned if s.first <= number < s.first + s.shards)
        index = number - split.first
        parts = list(contributions)
        ids = np.frombuffer(b"".join(part.ids for part in parts), np.uint8).reshape(-1, 16)
        copies = np.frombuffer(b"".join(part.copies for part in parts), "<u2")
        keys = np.frombuffer(b"".join(part.keys for part in parts), "<u8")
        lengths = np.frombuffer(b"".join(part.lengths for part in parts), "<i8")
        tokens = np.frombuffer(b"".join(Exchange.get(part.tokens) for part in parts), self._dtype)
        del parts
        words = ids.view(">u8")
        places = split.order_of(self._seed, copy_ids(ids, copies))
        order = np.lexsort((copies, words[:, 1], words[:, 0], places))
        offsets = np.r_[0, np.cumsum(lengths)]
        packed = pack(tokens, offsets, self._layout.context_length, self._separator_id, order)
        name = split.name(index)
        permutation = record_order(self._seed, name, len(packed.records))
        written = write_shard(join(self._output, name), self._layout, packed.records[permutation])
        provenance = pa.table(
            [
                pa.array([row.tobytes() for row in ids[order]], ID_TYPE),
                copies[order],
                keys[order],
                packed.starts,
                lengths[order],
            ],
            PROVENANCE_SCHEMA,
        )
        write_table(join(self._output, split.provenance_name(index)), provenance)
        write_json(
            self._dataset.path("shards", f"{number:06d}.json"),
            {
                "name": name,
                "records": written.records,
                "bytes": written.bytes,
                "sha256": written.sha256,
                "documents": len(order),
                "document_tokens": int(lengths.sum()),
                "stream_tokens": int(packed.stream_tokens),
                "padding": int(packed.padding),
            },
        )
        yield from ()
