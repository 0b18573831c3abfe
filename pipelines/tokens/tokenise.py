"""Tokenise: kept documents -> token ids per block, with each document's split and number of epochs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from buffers.texts import Texts
from pipelines.code_version import code_hash
from pipelines.documents.block import Block, Harvest, amounts_of
from pipelines.jobs.progress import Done, Tally
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.tables import read_table, write_table
from pipelines.tokens.corpus_tokenizer import id_bytes, kept_rows
from pipelines.tokens.links import links_table
from pipelines.workspace import Dataset, Workspace, read_json, read_many, write_json
from schemas.config import BuildConfig
from schemas.documents import TOKENS_SCHEMA
from schemas.keyed_hash import keyed_hash
from schemas.manifest import TRAIN_SPLIT, VALIDATION_PREFIX
from schemas.sources import PileSource
from storage.listing import list_files
from tokenization.load import load_tokenizer
from tokenization.tokenizer import Tokenizer


def tokens_path(dataset: Dataset, block: int) -> str:
    """Where a block's token ids are."""
    return dataset.path("blocks", f"{block:06d}.parquet")


def links_path(dataset: Dataset, block: int) -> str:
    """Where the names are by which a block's documents import each other, if its stage is in repository order."""
    return dataset.path("links", f"{block:06d}.parquet")


def id_dtype(tokenizer_size: int) -> np.dtype[Any]:
    """The narrowest type that holds every id between passes."""
    return np.dtype("<u2") if tokenizer_size <= 1 << 16 else np.dtype("<u4")


def tokenise(
    config: BuildConfig,
    found: Harvest,
    duplicates: Dataset,
    tokenizer: Dataset,
    workspace: Workspace,
    runner: Runner,
) -> Dataset:
    """Run the pass; the summary holds documents and tokens per (stage, split), as often as they are placed."""
    code = code_hash(
        "buffers", "tokenization", "pipelines.tokens.tokenise", "pipelines.tokens.links", "schemas.keyed_hash"
    )
    summary = tokenizer.summary()
    assert summary is not None
    prefixes = {stage: stage_config.prefix for stage, stage_config in config.stages.items()}
    linked = [stage for stage, stage_config in config.stages.items() if stage_config.order == "repository"]
    dataset = workspace.dataset(
        "tokenise",
        code,
        summary["identity"],
        prefixes,
        linked,
        config.seed,
        config.shards.validation_share,
        weights_of(config),
        found.key,
        duplicates.directory,
    )
    if dataset.summary() is not None:
        return dataset
    step = _TokeniseBlock(config, prefixes, duplicates, tokenizer.path("files"), dataset)
    counted = {relative for relative, _, _ in list_files(dataset.path("counts"))}
    waiting = [block for block in found.blocks if f"{block.ordinal:06d}.json" not in counted]
    amounts = amounts_of(found.blocks)

    def amounts_and_tokens(path: str) -> Done:
        return amounts(path)._replace(tokens=sum(tokens for _, tokens in read_json(path).values()))

    if waiting:
        tally = Tally(dataset.path("counts"), amounts_and_tokens)
        with runner.watch("tokenise", len(found.blocks), "blocks", tally):
            runner.run(
                lambda pipeline: (
                    hand_out(pipeline, "blocks", waiting, Block, dataset.directory) | "Tokenise" >> beam.ParDo(step)
                ),
                "tokenise",
            )
    totals: dict[str, dict[str, list[int]]] = {stage: {} for stage in config.stages}
    counts = read_many(read_json, [dataset.path("counts", f"{block.ordinal:06d}.json") for block in found.blocks])
    for block, of_block in zip(found.blocks, counts, strict=True):
        for split, (documents, tokens) in of_block.items():
            total = totals[block.stage].setdefault(split, [0, 0])
            total[0] += documents
            total[1] += tokens
    dataset.finish({"splits": totals})
    return dataset


class _TokeniseBlock(beam.DoFn):
    """block -> its tokens file and counts; emits nothing."""

    def __init__(
        self, config: BuildConfig, prefixes: dict[str, str], duplicates: Dataset, tokenizer_files: str, dataset: Dataset
    ) -> None:
        self._seed = config.seed
        self._validation_share = config.shards.validation_share
        self._prefixes = prefixes
        self._linked = frozenset(name for name, stage in config.stages.items() if stage.order == "repository")
        self._weights = weights_of(config)
        self._duplicates = duplicates
        self._tokenizer_files = tokenizer_files
        self._dataset = dataset
        self._tokenizer: Tokenizer | None = None

    def setup(self) -> None:
        self._tokenizer = load_tokenizer(self._tokenizer_files)

    def process(self, block: Block) -> Iterator[None]:
        assert self._tokenizer is not None
        columns = ["id", "sha256", "repository", "path", "language", "subset", "verdict", "text"]
        table = read_table(block.path, columns)
        table = table.take(pa.array(kept := kept_rows(block, self._duplicates, table["verdict"])))
        texts = Texts.from_arrow(with_prefix(table, self._prefixes[block.stage]))
        encoded = self._tokenizer.encode(texts)
        dtype = id_dtype(self._tokenizer.size)
        split = splits(table, self._seed, self._validation_share)
        epochs = epochs_of(table, split, self._weights.get(block.source, {}), self._seed)
        lengths = np.diff(encoded.offsets)
        ids = pa.LargeBinaryArray.from_buffers(
            pa.large_binary(),
            len(kept),
            [None, pa.py_buffer(encoded.offsets * dtype.itemsize), pa.py_buffer(encoded.ids.astype(dtype))],
        )
        tokens = pa.table([kept.astype(np.uint32), table["id"], split, epochs, lengths, ids], schema=TOKENS_SCHEMA)
        write_table(tokens_path(self._dataset, block.ordinal), tokens, compression="lz4")
        if block.stage in self._linked:
            write_table(links_path(self._dataset, block.ordinal), links_table(block.source, table), compression="lz4")
        placed = pa.table({"split": split, "documents": epochs.astype(np.int64), "tokens": epochs * lengths})
        grouped = placed.group_by("split").aggregate([("documents", "sum"), ("tokens", "sum")])
        counts = {row["split"]: [row["documents_sum"], row["tokens_sum"]] for row in grouped.to_pylist()}
        write_json(self._dataset.path("counts", f"{block.ordinal:06d}.json"), counts)
        yield from ()


def with_prefix(table: pa.Table, template: str) -> pa.ChunkedArray:
    """The texts, each behind its filled-in prefix; `{language}` and `{path}` are the only fields."""
    if not template:
        return table["text"]
    prefixes = [
        template.replace("{language}", language).replace("{path}", path).encode("utf-8", "replace")
        for language, path in zip(table["language"].to_pylist(), table["path"].to_pylist(), strict=True)
    ]
    return pc.binary_join_element_wise(
        pa.array(prefixes, pa.large_binary()), table["text"], pa.scalar(b"", pa.large_binary())
    )


def weights_of(config: BuildConfig) -> dict[str, dict[str, float]]:
    """The weights of each source that has some, by subset."""
    return {
        name: source.weights
        for name, source in config.sources.items()
        if isinstance(source, PileSource) and source.weights
    }


def epochs_of(table: pa.Table, split: pa.Array, weights: Mapping[str, float], seed: int) -> np.ndarray:
    """How often each document is placed, uint16 [n].

    A weight's whole part is for every document of the subset, its fraction for those that a keyed hash chooses. What
    is held out is placed once, or not at all with weight 0.
    """
    weight = np.array([weights.get(subset, 1.0) for subset in table["subset"].to_pylist()], np.float64)
    chance = keyed_hash(seed, "epochs", id_bytes(table["id"])).astype(np.float64) / 2.0**64
    epochs = np.floor(weight) + (chance < weight % 1)
    held_out = split.to_numpy(zero_copy_only=False) != TRAIN_SPLIT
    return np.where(held_out, weight > 0, epochs).astype(np.uint16)


def splits(table: pa.Table, seed: int, validation_share: float) -> pa.Array:
    """Each document's split, by a keyed hash of its content: equal content is never both trained on and held out."""
    hashes = keyed_hash(seed, "split", id_bytes(table["sha256"]))
    held_out = hashes < np.uint64(int(validation_share * 2**64))
    languages = table["language"].to_pylist()
    return pa.array(
        [
            VALIDATION_PREFIX + language if held else TRAIN_SPLIT
            for language, held in zip(languages, held_out, strict=True)
        ],
        pa.string(),
    )
