"""Publish: the document tables, the ledger check, and the manifest, written last.

The ledger is counted from the document tables and checked against what readers and shards counted.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from dedup.identity import FINGERPRINT
from filtering.python_syntax import GRAMMAR
from pipelines.code_version import LIBRARIES, code_hash
from pipelines.documents.block import Harvest
from pipelines.duplicates.earlier import Earlier
from pipelines.jobs.runner import Runner
from pipelines.shards.plan import PlannedSplit
from pipelines.snapshot.accounts import describe_stages, make_ledger
from pipelines.snapshot.band_index import write_band_index
from pipelines.snapshot.document_tables import write_tables
from pipelines.snapshot.files import (
    copy_tokenizer,
    describe_files,
    publish_manifest,
    remove_strangers,
    unpublish,
    write_rejects,
)
from pipelines.workspace import Dataset, Workspace
from schemas.config import BuildConfig
from schemas.documents import bands_name, fingerprints_name, table_name
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
from schemas.record_layout import RecordLayout
from storage.files import exists, join
from storage.listing import list_files
from tokenization.load import load_tokenizer


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
    code = code_hash("pipelines.snapshot", "schemas.documents")
    dataset = workspace.dataset("publish", code, found.key, tokens.directory, shards.directory)
    previous = dataset.summary()
    if previous is not None and exists(join(output, MANIFEST_NAME)):
        manifest = load_manifest(output)
        if manifest.digest == previous["digest"]:
            return manifest
    unpublish(output)
    near = config.dedup.near
    counted = write_tables(found, duplicates, tokens, output, dataset, near is not None, runner)
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
