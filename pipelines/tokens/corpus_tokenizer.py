"""The tokenizer of a build: the given files, or SentencePiece trained on a keyed sample of the kept documents."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.code_version import code_hash
from pipelines.documents.block import Block, Harvest, amounts_of
from pipelines.duplicates import duplicates_path
from pipelines.duplicates.compared import rows_of
from pipelines.jobs.progress import Done, Tally
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.tables import read_table, write_table
from pipelines.workspace import Dataset, Workspace, read_many
from schemas.config import BuildConfig, SentencePieceConfig
from schemas.documents import ID_TYPE
from schemas.errors import CodemillError
from schemas.keyed_hash import keyed_hash
from storage.files import exists
from storage.listing import list_files
from tokenization.load import given_tokenizer, load_tokenizer
from tokenization.packing.fill_in_the_middle import FillInTheMiddle
from tokenization.sentencepiece.train import train

SAMPLE_SCHEMA = pa.schema([("order", pa.uint64()), ("id", ID_TYPE), ("text", pa.large_binary())])


def named_tokenizer(config: BuildConfig, workspace: Workspace) -> Dataset | None:
    """The tokenizer whose files the config names, copied into a dataset; None where it is trained on the corpus.

    It comes first of all, so that a wrong file is told before hours of work and not after.

    Raises:
        CodemillError: a file is missing, not what the config says, or does not do what a stage needs.
    """
    if isinstance(config.tokenizer, SentencePieceConfig):
        return None
    tokenizer = given_tokenizer(config.tokenizer, config.special_tokens())
    for stage in config.stages.values():
        if stage.fill_in_the_middle is not None:
            FillInTheMiddle(tokenizer, stage.fill_in_the_middle)
    # By its content: another file may lie under the same name now.
    dataset = workspace.dataset("tokenizer", config.tokenizer.kind, tokenizer.identity)
    if dataset.summary() is None:
        tokenizer.save(dataset.path("files"))
        _finish(config, dataset)
    return dataset


def trained_tokenizer(
    config: BuildConfig, found: Harvest, duplicates: Dataset, workspace: Workspace, runner: Runner
) -> Dataset:
    """A dataset whose `files` directory holds a SentencePiece model of the kept documents.

    Raises:
        CodemillError: the corpus kept no document to train on, or too little text.
    """
    assert isinstance(config.tokenizer, SentencePieceConfig)
    code = code_hash("tokenization", "pipelines.tokens.corpus_tokenizer")
    part = config.tokenizer.model_dump(mode="json")
    inputs = [found.key, duplicates.directory, config.seed, config.special_tokens()]
    dataset = workspace.dataset("tokenizer", code, part, inputs)
    if dataset.summary() is None:
        _train(config, config.tokenizer, found, duplicates, dataset, runner)
        _finish(config, dataset)
    return dataset


def _finish(config: BuildConfig, dataset: Dataset) -> None:
    tokenizer = load_tokenizer(dataset.path("files"))
    dataset.finish(
        {
            "kind": config.tokenizer.kind,
            "identity": tokenizer.identity,
            "size": tokenizer.size,
            "separator_id": tokenizer.separator_id,
        }
    )


def kept_rows(block: Block, duplicates: Dataset, verdicts: pa.ChunkedArray) -> np.ndarray:
    """Rows of a block that passed the filters and are no duplicates, int64 ascending."""
    kept = verdicts.to_numpy(zero_copy_only=False) == ""
    dropped = read_table(duplicates_path(duplicates, block.ordinal), ["key"])["key"].to_numpy()
    kept[rows_of(dropped)] = False
    return np.flatnonzero(kept)


def _train(
    config: BuildConfig,
    tokenizer: SentencePieceConfig,
    found: Harvest,
    duplicates: Dataset,
    dataset: Dataset,
    runner: Runner,
) -> None:
    total = sum(block.text_bytes for block in found.blocks)
    # A share that is generous, then cut to size in hash order: the cut depends on hashes alone.
    share = min(1.0, 4 * tokenizer.sample_bytes / max(1, total))
    sampler = _SampleBlock(config.seed, share, duplicates, dataset)
    tally = Tally(dataset.path("sample"), amounts_of(found.blocks))
    with runner.watch("sample", len(found.blocks), "blocks", tally):
        runner.run(
            lambda pipeline: (
                hand_out(pipeline, "blocks", found.blocks, Block, dataset.directory) | "Sample" >> beam.ParDo(sampler)
            ),
            "sample",
        )
    names = [relative for relative, _, _ in list_files(dataset.path("sample"))]
    parts = read_many(read_table, [dataset.path("sample", name) for name in names])
    sample = pa.concat_tables(parts).sort_by([("order", "ascending"), ("id", "ascending")]) if parts else None
    if sample is None or not sample.num_rows:
        raise CodemillError(
            "no document passed the filters and deduplication, so there is nothing to train a tokenizer on",
            "look at the reasons with `codemill report`, or loosen the filters",
        )
    with runner.watch("train tokenizer", 1, "model", lambda: Done(0)):
        train(
            _up_to(sample, tokenizer.sample_bytes),
            dataset.path("files"),
            vocabulary_size=tokenizer.vocabulary_size,
            model=tokenizer.model,
            specials=config.special_tokens(),
        )


def _up_to(sample: pa.Table, limit: int) -> Iterator[bytes]:
    taken = 0
    for text in sample["text"]:
        if taken >= limit:
            return
        document = text.as_py()
        taken += len(document)
        yield document


class _SampleBlock(beam.DoFn):
    """block -> a file with the kept documents whose keyed hash is in the sample; emits nothing."""

    def __init__(self, seed: int, share: float, duplicates: Dataset, dataset: Dataset) -> None:
        self._seed = seed
        self._limit = min(int(share * 2**64), 2**64 - 1)
        self._duplicates = duplicates
        self._dataset = dataset

    def process(self, block: Block) -> Iterator[None]:
        path = self._dataset.path("sample", f"{block.ordinal:06d}.parquet")
        if not exists(path):
            table = read_table(block.path, ["id", "verdict", "text"])
            kept = kept_rows(block, self._duplicates, table["verdict"])
            ids = id_bytes(table["id"])
            order = keyed_hash(self._seed, "tokenizer sample", ids)
            chosen = kept[order[kept] <= np.uint64(self._limit)]
            rows = table.take(pa.array(chosen))
            write_table(path, pa.table([pa.array(order[chosen]), rows["id"], rows["text"]], schema=SAMPLE_SCHEMA))
        yield from ()


def id_bytes(column: pa.ChunkedArray) -> np.ndarray:
    """A fixed-size binary column as uint8 [n, width]."""
    width = column.type.byte_width
    return np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, width)
