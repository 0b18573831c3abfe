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
from pipelines.links import NO_LINKS, from_bytes, repository_order, to_bytes
from pipelines.packing import Packer, packing_of
from pipelines.progress import Done, Tally
from pipelines.runner import Runner
from pipelines.shard_plan import PlannedSplit, plan_shards
from pipelines.snapshot_files import unpublish
from pipelines.tables import read_table, write_table
from pipelines.tasks import hand_out
from pipelines.tokenise import id_dtype, links_path, tokens_path
from pipelines.workspace import Dataset, Workspace, read_json, read_many, write_json
from schemas.config import BuildConfig
from schemas.documents import ID_TYPE, PROVENANCE_SCHEMA
from schemas.errors import CheckFailed
from schemas.keyed_hash import copy_ids
from schemas.record_layout import RecordLayout
from schemas.shard_file import write_shard
from storage.files import delete_tree, join
from storage.listing import list_files
from tokenization.packing.records import Documents, Form, record_order

DOCUMENT = np.dtype([("id", "u1", 16), ("copy", "<u2"), ("key", "<u8"), ("tokens", "<i8")])
"""What goes to a shard with a document's tokens; the key is block << 32 | row."""


class Contribution(NamedTuple):
    """One block's part of a shard, its documents in the block's order."""

    documents: Value
    """A `DOCUMENT` each."""
    tokens: Value
    """Token ids of all of them."""
    links: Value
    """What ties them to others of their repository, where the split is in that order."""


NOTHING = Contribution(b"", b"", b"")


def shard(
    config: BuildConfig,
    found: Harvest,
    tokens: Dataset,
    tokenizer: Dataset,
    output: str,
    workspace: Workspace,
    runner: Runner,
) -> tuple[Dataset, tuple[PlannedSplit, ...]]:
    """Run the pass; shards and provenance are in the dataset's `output` directory under their snapshot names."""
    code = code_hash(
        "tokenization",
        *(f"pipelines.{module}" for module in ("links", "packing", "shard", "shard_plan")),
        "schemas.record_layout",
        "schemas.keyed_hash",
    )
    part = config.shards.model_dump(mode="json")
    stages = {
        name: stage.model_dump(mode="json", exclude={"sources", "prefix"}) for name, stage in config.stages.items()
    }
    dataset = workspace.dataset("shard", code, part, stages, config.seed, tokens.directory, output)
    layout = RecordLayout(config.shards.context_length)
    summary, vocabulary = tokens.summary(), tokenizer.summary()
    assert summary is not None and vocabulary is not None
    planned = plan_shards(summary["splits"], config.shards, layout.record_bytes)
    _claim(workspace, dataset, output)
    done = _done(dataset, output)
    total = sum(split.shards for split in planned)
    waiting = frozenset(range(total)) - done

    if waiting:
        unpublish(output)
        tally = Tally(dataset.path("shards"), _amounts)
        with runner.watch("shard", total, "shards", tally), exchange(runner, dataset) as values:
            scatter = ScatterBlock(config, planned, waiting, tokens, values)
            packer = Packer(config, vocabulary["separator_id"], tokenizer.path("files"))
            gather = WriteShard(config, planned, layout, packer, id_dtype(vocabulary["size"]), output, dataset)
            job = partial(_job, blocks=found.blocks, scatter=scatter, gather=gather, directory=dataset.directory)
            runner.run(job, "shard")
    _check_complete(planned, summary["splits"], dataset)
    return dataset, planned


def _check_complete(
    planned: tuple[PlannedSplit, ...], totals: dict[str, dict[str, list[int]]], dataset: Dataset
) -> None:
    """Compare what the shards hold with what the tokenise pass counted: a runner that loses elements is noticed."""
    for split in planned:
        markers = written_shards(dataset, range(split.first, split.first + split.shards))
        held = [sum(marker[name] for marker in markers) for name in ("documents", "document_tokens")]
        if held != totals[split.stage][split.split]:
            documents, expected = held[0], totals[split.stage][split.split][0]
            delete_tree(dataset.path("shards"))
            raise CheckFailed(
                f"{split.stage}/{split.split}: the runner brought {documents:,} of {expected:,} documents to a shard",
                "run the build again; if that fails too, with --workers 1",
            )


def _job(
    pipeline: beam.Pipeline, blocks: tuple[Block, ...], scatter: ScatterBlock, gather: WriteShard, directory: str
) -> None:
    # A shard that no document falls into is still a file: names count through all of them.
    every_shard = hand_out(pipeline, "shards", sorted(scatter.wanted), int, directory) | "Empty" >> beam.Map(_empty)
    contributions = hand_out(pipeline, "blocks", blocks, Block, directory) | "Scatter" >> beam.ParDo(scatter)
    (
        (every_shard, contributions)
        | "Together" >> beam.Flatten()
        | "By shard" >> beam.GroupByKey()
        | "Write shards" >> beam.ParDo(gather)
    )


def _empty(number: int) -> tuple[int, Contribution]:
    return number, NOTHING


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
    markers = zip(numbers, written_shards(dataset, numbers), strict=True)
    return {number for number, marker in markers if present.get(marker["name"]) == marker["bytes"]}


def written_shards(dataset: Dataset, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """What the markers of finished shards say."""
    return read_many(read_json, [dataset.path("shards", f"{number:06d}.json") for number in numbers])


def _amounts(marker: str) -> Done:
    held = read_json(marker)
    return Done(1, documents=held["documents"], tokens=held["document_tokens"])


class ScatterBlock(beam.DoFn):
    """block -> (shard number, contribution) for the wave's shards."""

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


class WriteShard(beam.DoFn):
    """(shard number, contributions) -> shard, provenance and marker on storage; emits nothing."""

    def __init__(
        self,
        config: BuildConfig,
        planned: tuple[PlannedSplit, ...],
        layout: RecordLayout,
        packer: Packer,
        dtype: np.dtype[Any],
        output: str,
        dataset: Dataset,
    ) -> None:
        self._config = config
        self._planned = planned
        self._layout = layout
        self._packer = packer
        self._dtype = dtype
        self._output = output
        self._dataset = dataset

    def process(self, element: tuple[int, Iterable[Contribution]]) -> Iterator[None]:
        number, contributions = element
        split = next(s for s in self._planned if s.first <= number < s.first + s.shards)
        index = number - split.first
        packing = packing_of(self._config, split.stage, split.split)
        parts = list(contributions)
        documents = np.frombuffer(b"".join(Exchange.get(part.documents) for part in parts), DOCUMENT)
        ids, copies, lengths = (np.ascontiguousarray(documents[name]) for name in ("id", "copy", "tokens"))
        tokens = np.frombuffer(b"".join(Exchange.get(part.tokens) for part in parts), self._dtype)
        keyed = copy_ids(ids, copies)
        if packing.by_repository:
            links = pa.concat_tables([NO_LINKS, *(from_bytes(Exchange.get(part.links)) for part in parts)])
            places = split.order_of(self._config.seed, copy_ids(id_bytes(links["group"]), copies))
            order = repository_order(places, ids, copies, links)
        else:
            words = ids.view(">u8")
            order = np.lexsort((copies, words[:, 1], words[:, 0], split.order_of(self._config.seed, keyed)))
        del parts
        packed = self._packer.pack(packing, Documents(tokens, np.r_[0, np.cumsum(lengths)], order), keyed)
        name = split.name(index)
        order_in_file = record_order(self._config.seed, name, len(packed.records))
        written = write_shard(join(self._output, name), self._layout, packed.records, order_in_file)
        pieces = packed.pieces
        document = pieces.document
        provenance = pa.table(
            [
                pa.FixedSizeBinaryArray.from_buffers(ID_TYPE, document.size, [None, pa.py_buffer(ids[document])]),
                copies[document],
                documents["key"][document],
                pieces.first,
                pieces.tokens,
                pieces.start,
                pieces.ids,
                pieces.form,
            ],
            PROVENANCE_SCHEMA,
        )
        write_table(join(self._output, split.provenance_name(index)), provenance)
        rewritten = pieces.form != Form.PLAIN
        ends = pieces.first + pieces.tokens == lengths[document]
        write_json(
            self._dataset.path("shards", f"{number:06d}.json"),
            {
                "name": name,
                "records": written.records,
                "bytes": written.bytes,
                "sha256": written.sha256,
                "documents": len(order),
                "document_tokens": int(lengths.sum()),
                "rewritten": int((pieces.ids - pieces.tokens).sum()),
                "separators": packed.separators,
                "padding": packed.padding,
                "pieces": int(document.size),
                "rewritten_pieces": int(rewritten.sum()),
                "cut_rewritten": int((rewritten & ~ends).sum()),
            },
        )
        yield from ()
