"""Publish: the document tables, the ledger check, and the manifest, written last.

The document tables hold one row per harvested document: everything but text and sketch, with its outcome. They are what
`explain` and `report` read; the ledger is counted from them and checked against what readers and shards counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.identity import FINGERPRINT
from filtering.python_syntax import GRAMMAR
from pipelines.accounts import describe_stages, make_ledger
from pipelines.band_index import write_band_index
from pipelines.code_version import LIBRARIES, code_hash
from pipelines.duplicates import duplicates_path
from pipelines.duplicates.compared import rows_of
from pipelines.earlier import Earlier
from pipelines.fingerprints import fingerprints_table, group_bounds
from pipelines.harvest import Block, Harvest, amounts_of
from pipelines.progress import Tally
from pipelines.runner import Runner
from pipelines.shard_plan import PlannedSplit
from pipelines.snapshot_files import (
    copy_tokenizer,
    describe_files,
    publish_manifest,
    remove_strangers,
    unpublish,
    write_rejects,
)
from pipelines.tables import read_table, write_table
from pipelines.tasks import hand_out
from pipelines.tokenise import tokens_path
from pipelines.workspace import Dataset, Workspace, read_json, read_many, write_json
from schemas.config import BuildConfig
from schemas.documents import FINAL_COLUMNS, bands_name, fingerprints_name, table_name
from schemas.errors import CheckFailed
from schemas.manifest import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    Against,
    Input,
    Manifest,
    Tokenizer,
    load_manifest,
)
from schemas.reasons import Outcome
from schemas.record_layout import RecordLayout
from storage.files import exists, join, open_input
from storage.listing import list_files
from tokenization.load import load_tokenizer

HIDDEN_COLUMNS = ("text", "signature")


def publish(
    config: BuildConfig,
    found: Harvest,
    duplicates: Dataset,
    tokenizer: Dataset,
    tokens: Dataset,
    shards: Dataset,
    planned: tuple[PlannedSplit, ...],
    earlier: tuple[Earlier, ...],
    output: str,
    workspace: Workspace,
    runner: Runner,
) -> Manifest:
    """Write tables and manifest into `output`.

    Raises:
        CheckFailed: the ledger does not balance; no manifest is written then.
    """
    code = code_hash(
        "pipelines.publish", "pipelines.accounts", "pipelines.fingerprints", "pipelines.band_index", "schemas.documents"
    )
    dataset = workspace.dataset("publish", code, found.key, tokens.directory, shards.directory)
    previous = dataset.summary()
    if previous is not None and exists(join(output, MANIFEST_NAME)):
        manifest = load_manifest(output)
        if manifest.digest == previous["digest"]:
            return manifest
    unpublish(output)
    near = config.dedup.near
    counted = _write_tables(found, duplicates, tokens, output, dataset, near is not None, runner)
    searched = sum(count["searched"] for count in counted.values())
    band_parts = write_band_index(near, found.blocks, searched, output, dataset, runner) if near is not None else 0
    copy_tokenizer(tokenizer.path("files"), join(output, "tokenizer"))
    write_rejects([m["rejects_path"] for m in found.markers if m["rejects"]], join(output, "rejects.parquet"))
    ledger = make_ledger(config, found, counted, shards, planned)
    problems = ledger.imbalances(config.shards.context_length)
    if problems:
        raise CheckFailed(f"the ledger does not balance: {problems[0]}", "this is a defect of codemill: report it")
    stages = describe_stages(config, shards, planned, load_tokenizer(tokenizer.path("files")))
    names = {shard.name for stage in stages.values() for split in stage.splits.values() for shard in split.shards}
    provenance = {split.provenance_name(i) for split in planned for i in range(split.shards)}
    tables = tuple(table_name(block.ordinal) for block in found.blocks)
    prints = {fingerprints_name(block.ordinal) for block in found.blocks if near is not None}
    prints |= {bands_name(part, band_parts) for part in range(band_parts)}
    others = sorted({*tables, *prints, *provenance, "rejects.parquet", *_tokenizer_names(output)})
    remove_strangers(output, {*names, *others, MANIFEST_NAME})
    summary = tokenizer.summary()
    statistics = duplicates.summary()
    assert summary is not None and statistics is not None
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        name=config.name,
        seed=config.seed,
        digest="",
        code_version=version("codemill"),
        libraries=_libraries(found),
        config=config.model_dump(mode="json"),
        context_length=config.shards.context_length,
        id_bytes=RecordLayout(config.shards.context_length).id_bytes,
        hosts=config.shards.hosts,
        tokenizer=Tokenizer(**summary),
        stages=stages,
        ledger=ledger,
        deduplication=statistics["counts"],
        fingerprint=FINGERPRINT,
        band_parts=band_parts,
        against=tuple(
            Against(name=e.manifest.name, digest=e.manifest.digest, tables=len(e.manifest.tables)) for e in earlier
        ),
        rules=found.rules,
        tables=tables,
        inputs=tuple(_input(marker) for marker in found.markers),
        files=describe_files(output, others, runner.workers),
    ).sealed()
    publish_manifest(output, manifest)
    dataset.finish({"digest": manifest.digest})
    return manifest


def _libraries(found: Harvest) -> dict[str, str]:
    libraries = {name: version(name) for name in LIBRARIES}
    if any(rule.signal == "python_parses" for rules in found.rules.values() for rule in rules):
        libraries["Python grammar"] = GRAMMAR
    return libraries


def _tokenizer_names(output: str) -> list[str]:
    return [f"tokenizer/{relative}" for relative, _, _ in list_files(join(output, "tokenizer"))]


def _input(marker: dict[str, Any]) -> Input:
    return Input(
        source=marker["source"],
        file=marker["file"],
        start=marker["start"],
        end=marker["end"],
        files=marker["files"],
        documents=marker["documents"],
        bytes=marker["bytes"],
        sha256=marker["sha256"],
    )


def _write_tables(
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
