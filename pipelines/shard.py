"""Shard: token ids -> TFRecord shards and their provenance, in waves that fit the shuffle's memory budget.

Only token ids travel. A document's shard and its place in the stream come from keyed hashes of its id; the records of a
shard are then permuted, so that neighbours in a file are not neighbours in a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.code_version import code_hash
from pipelines.corpus_tokenizer import id_bytes
from pipelines.harvest import Block, Harvest
from pipelines.runner import Runner
from pipelines.shard_plan import PlannedSplit, plan_shards, waves
from pipelines.snapshot_files import unpublish
from pipelines.tables import read_table, write_table
from pipelines.tokenise import id_dtype, tokens_path
from pipelines.workspace import Dataset, Workspace, read_json, write_json
from schemas.config import BuildConfig
from schemas.documents import ID_TYPE, PROVENANCE_SCHEMA
from schemas.record_layout import RecordLayout
from schemas.shard_file import write_shard
from storage.files import delete_tree, join
from storage.listing import list_files
from tokenization.packing import pack, record_order

Contribution = tuple[bytes, bytes, bytes, bytes]
"""One block's part of a shard: document ids, keys, token counts, token ids."""

NOTHING: Contribution = (b"", b"", b"", b"")


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
    dtype = id_dtype(tokenizer["size"])
    shuffled = sum(t for splits in summary["splits"].values() for _, t in splits.values()) * dtype.itemsize
    budget = runner.shuffle_bytes if runner.is_local else max(1, shuffled)
    if len(done) == total:
        return dataset, planned
    with runner.watch("shard", total, "shards", lambda: len(list_files(dataset.path("shards")))):
        for wave in waves(planned, shuffled, budget):
            waiting = frozenset(number for number in wave if number not in done)
            if waiting:
                unpublish(output)
                scatter = ScatterBlock(config.seed, planned, waiting, tokens)
                gather = WriteShard(config.seed, planned, layout, tokenizer["separator_id"], dtype, output, dataset)
                runner.run(partial(_job, blocks=found.blocks, scatter=scatter, gather=gather), shuffles=True)
    return dataset, planned


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

    def __init__(self, seed: int, planned: tuple[PlannedSplit, ...], wanted: frozenset[int], tokens: Dataset) -> None:
        self._seed = seed
        self._planned = planned
        self.wanted = wanted
        self._tokens = tokens

    def process(self, block: Block) -> Iterator[tuple[int, Contribution]]:
        table = read_table(tokens_path(self._tokens, block.ordinal))
        names = table["split"].to_numpy(zero_copy_only=False)
        for split in self._planned:
            rows = np.flatnonzero((names == split.split) & (split.stage == block.stage))
            if not len(rows):
                continue
            part = table.take(pa.array(rows))
            numbers = split.first + split.shard_of(self._seed, id_bytes(part["id"]))
            for number in np.unique(numbers):
                if int(number) in self.wanted:
                    yield int(number), _contribution(block, part.take(pa.array(np.flatnonzero(numbers == number))))


def _contribution(block: Block, part: pa.Table) -> Contribution:
    keys = np.uint64(block.ordinal << 32) | part["row"].to_numpy().astype(np.uint64)
    ids = b"".join(part["id"].to_pylist())
    return ids, keys.tobytes(), part["tokens"].to_numpy().tobytes(), b"".join(part["ids"].to_pylist())


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
        ids = np.frombuffer(b"".join(part[0] for part in parts), np.uint8).reshape(-1, 16)
        keys = np.frombuffer(b"".join(part[1] for part in parts), "<u8")
        lengths = np.frombuffer(b"".join(part[2] for part in parts), "<i8")
        tokens = np.frombuffer(b"".join(part[3] for part in parts), self._dtype)
        del parts
        words = ids.view(">u8")
        order = np.lexsort((words[:, 1], words[:, 0], split.order_of(self._seed, ids)))
        packed = pack(*_reordered(tokens, lengths, order), self._layout.context_length, self._separator_id)
        name = split.name(index)
        permutation = record_order(self._seed, name, len(packed.records))
        written = write_shard(join(self._output, name), self._layout, packed.records[permutation])
        provenance = pa.table(
            [
                pa.array([row.tobytes() for row in ids[order]], ID_TYPE),
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


def _reordered(tokens: np.ndarray, lengths: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Documents' tokens in a new order: (tokens, offsets)."""
    starts = np.r_[0, np.cumsum(lengths)]
    offsets = np.r_[0, np.cumsum(lengths[order])]
    # Position p of the new stream comes from p shifted by how far its document moved.
    shift = np.repeat(starts[:-1][order] - offsets[:-1], lengths[order])
    return tokens[np.arange(len(tokens)) + shift], offsets
