"""Verify a snapshot: read every byte again and hold it against the manifest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from codemill.verify.shard import check_shard
from pipelines.snapshot.files import SNAPSHOT_DIRECTORIES, describe_file
from pipelines.tables import read_table
from schemas.documents import split_key
from schemas.ledger import Amount, merge_outcomes
from schemas.manifest import Manifest, load_manifest
from schemas.reasons import Outcome
from storage.files import exists, join
from storage.listing import list_files


@dataclass(frozen=True)
class Verified:
    """What was read, and everything that is wrong."""

    files: int
    bytes: int
    records: int
    problems: tuple[str, ...]


def verify_snapshot(
    snapshot: str, workers: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Verified:
    """Check sizes, SHA-256, record CRCs, ids, provenance, document counts and the ledger.

    Args:
        snapshot: its directory.
        workers: threads; hashing and CRCs release the interpreter lock.
        progress: called with (files done, files in all).

    Raises:
        CheckFailed: the manifest itself is damaged.
    """
    manifest = load_manifest(snapshot)
    shards = [
        (split, shard)
        for stage in manifest.stages.values()
        for split in stage.splits.values()
        for shard in split.shards
    ]
    checks: list[Callable[[], list[str]]] = [
        *(partial(_check_file, snapshot, manifest, name) for name in manifest.files),
        *(partial(check_shard, snapshot, manifest, split, shard) for split, shard in shards),
    ]
    problems: list[str] = []
    with ThreadPoolExecutor(workers) as pool:
        for done, found in enumerate(pool.map(lambda check: check(), checks), 1):
            problems += found
            progress(done, len(checks))
    problems += _strangers(snapshot, manifest)
    problems += manifest.ledger.imbalances(manifest.context_length)
    if not problems:
        problems += _check_counts(snapshot, manifest)
    return Verified(
        files=len(checks),
        bytes=sum(f.bytes for f in manifest.files.values()) + sum(shard.bytes for _, shard in shards),
        records=sum(shard.records for _, shard in shards),
        problems=tuple(problems),
    )


def _check_file(snapshot: str, manifest: Manifest, name: str) -> list[str]:
    path = join(snapshot, name)
    if not exists(path):
        return [f"{name}: missing"]
    found, expected = describe_file(path), manifest.files[name]
    if found.bytes != expected.bytes:
        return [f"{name}: {found.bytes} bytes, the manifest says {expected.bytes}"]
    if found.sha256 != expected.sha256:
        return [f"{name}: SHA-256 is {found.sha256[:16]}..., the manifest says {expected.sha256[:16]}..."]
    return []


def _strangers(snapshot: str, manifest: Manifest) -> list[str]:
    known = set(manifest.files)
    known |= {s.name for stage in manifest.stages.values() for split in stage.splits.values() for s in split.shards}
    return [
        f"{directory}/{relative}: not in the manifest"
        for directory in SNAPSHOT_DIRECTORIES
        for relative, _, _ in list_files(join(snapshot, directory))
        if f"{directory}/{relative}" not in known
    ]


def _check_counts(snapshot: str, manifest: Manifest) -> list[str]:
    """Count documents, bytes and tokens again from the tables, and compare with the ledger."""
    counted: dict[str, list[dict[str, Amount]]] = {row.source: [] for row in manifest.ledger.sources}
    tokens = dict.fromkeys(counted, 0)
    placements = dict.fromkeys(counted, 0)
    blocks = len(manifest.tables) + sum(earlier.tables for earlier in manifest.against)
    columns = ["source", "outcome", "bytes", "epochs", "tokens", "kept_key", "id"]
    for name in manifest.tables:
        table = read_table(join(snapshot, name), columns)
        grouped = table.group_by(["source", "outcome"]).aggregate(
            [("bytes", "count"), ("bytes", "sum"), ("tokens", "sum"), ("epochs", "sum")]
        )
        for row in grouped.to_pylist():
            amount = Amount(documents=row["bytes_count"], bytes=row["bytes_sum"])
            counted[row["source"]].append({row["outcome"]: amount})
            tokens[row["source"]] += row["tokens_sum"] or 0
            placements[row["source"]] += row["epochs_sum"] or 0
        keys = [key for key in table["kept_key"].to_pylist() if key is not None]
        if any(split_key(key)[0] >= blocks for key in keys):
            return [f"{name}: a duplicate names a block that does not exist"]
    rejects = read_table(join(snapshot, "rejects.parquet"))
    for row in rejects.to_pylist():
        amount = Amount(documents=1, bytes=row["bytes"])
        counted[row["source"]].append({Outcome.REJECTED.because(row["reason"]): amount})
    problems = []
    for row in manifest.ledger.sources:
        found = merge_outcomes(counted[row.source])
        # Files that were not selected leave no row anywhere: the reader's count stands alone.
        expected = {name: amount for name, amount in row.outcomes.items() if name != Outcome.NOT_SELECTED.value}
        if found != expected:
            wrong = next(n for n in sorted({*found, *expected}) if found.get(n) != expected.get(n))
            problems.append(
                f"{row.source}: {wrong} is {found.get(wrong)} in the tables, {expected.get(wrong)} in the ledger"
            )
        if tokens[row.source] != row.tokens:
            problems.append(f"{row.source}: {tokens[row.source]} tokens in the tables, {row.tokens} in the ledger")
        if placements[row.source] != row.placements:
            problems.append(
                f"{row.source}: {placements[row.source]} placements in the tables, {row.placements} in the ledger"
            )
    return problems
