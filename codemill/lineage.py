"""From a run's weights back to the bytes they learned from: stages, snapshots, shards, and the documents of a step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from codemill.explain.placement import find_shard, provenance_name
from pipelines.tables import read_table
from schemas.documents import split_key
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import TRAIN_SPLIT, Manifest, load_manifest
from schemas.names import document_name
from schemas.plan import MixturePart, Plan
from storage.files import exists, join, read_bytes
from tokenization.packing.records import record_order
from trainer.checkpoint import read_checkpoint_lineage
from trainer.lineage import Lineage
from trainer.log import PLAN_NAME
from trainer.snapshot import open_stage


def load_run_plan(run: str) -> Plan:
    """The plan that a run keeps beside its metrics.

    Raises:
        CodemillError: this is not a run's directory.
    """
    path = join(run, PLAN_NAME)
    if not exists(path):
        raise CodemillError(f"{run}: holds no {PLAN_NAME}", "name a directory that `codemill train` wrote")
    return Plan.model_validate(json.loads(read_bytes(path)))


def lineage_lines(run: str, checkpoint: int | None, shards: bool) -> Iterator[str]:
    """Where the weights of a checkpoint come from, the newest one's if None; with `shards`, down to their SHA-256."""
    plan = load_run_plan(run)
    lineage = _lineage(run, plan, checkpoint)
    yield f"{lineage.plan_name} step {lineage.step}, plan {lineage.plan_fingerprint[:16]}, seed {plan.seed}"
    yield f"  continues the checkpoint of step {lineage.parent}" if lineage.parent else "  continues no checkpoint"
    for done, stage in zip(lineage.stages, plan.stages, strict=False):
        skipped = done.sequences - done.steps * stage.batch_sequences
        passed = f", {skipped} of them passed over" if skipped else ""
        yield f"  stage {done.name}: {done.steps} of {stage.steps} steps, {done.sequences} sequences{passed}"
        for part, digest in zip(stage.parts, done.snapshot_digests, strict=True):
            yield f"    dataset {part.dataset} of snapshot {digest} in {part.snapshot}"
            if shards:
                for shard in _manifest(part, digest).stages[part.dataset].splits[TRAIN_SPLIT].shards:
                    yield f"      {shard.sha256}  {shard.name}"


def step_lines(run: str, step: int) -> Iterator[str]:
    """The documents of one step, counted over all stages: a line for each piece of a document in each sequence.

    Raises:
        CodemillError: the plan has no such step.
        CheckFailed: a snapshot is not the one that the run learned from.
    """
    plan = load_run_plan(run)
    before = 0
    for stage in plan.stages:
        if before < step <= before + stage.steps:
            break
        before += stage.steps
    else:
        raise CodemillError(f"{run}: has no step {step}", f"its plan has steps 1 to {before}")
    data = open_stage(plan, stage)
    first = (stage.batch_of(step - before) - 1) * stage.batch_sequences
    positions = np.arange(first, first + stage.batch_sequences)
    parts, records = data.train.places(positions)
    yield f"# {plan.name} step {step}: stage {stage.name}, positions {first} to {positions[-1]}"
    yield "# position\tshard\trecord\tdocument\tid\tfirst token\tlast token"
    learned = {done.name: done.snapshot_digests for done in _lineage(run, plan, None).stages}
    digests = learned.get(stage.name, data.digests)  # of a stage that no checkpoint knows yet, what is there now
    traces = [_Trace(part, digest) for part, digest in zip(stage.parts, digests, strict=True)]
    for position, number, record in zip(positions.tolist(), parts.tolist(), records.tolist(), strict=True):
        name, in_file = data.train.parts[number].records.locate(record)
        for document, first_token, tokens in traces[number].pieces(name, in_file):
            shown = document_name(document["source"], document["repository"], document["path"])
            last = first_token + tokens - 1
            yield f"{position}\t{name}\t{in_file}\t{shown}\t{document['id'].hex()}\t{first_token}\t{last}"


class _Trace:
    """Records of a snapshot back to documents; shards and tables are read once each."""

    def __init__(self, part: MixturePart, digest: str) -> None:
        self._snapshot = part.snapshot
        self._manifest = _manifest(part, digest)
        self._provenance = cache(self._read_provenance)
        self._table = cache(self._read_table)

    def _read_provenance(self, shard: str) -> tuple[pa.Table, np.ndarray, int]:
        split, entry = find_shard(self._manifest, shard)
        table = read_table(join(self._snapshot, provenance_name(shard)))
        return table, record_order(self._manifest.seed, shard, entry.records), split.packing.stride

    def _read_table(self, number: int) -> pa.Table:
        columns = ["source", "repository", "path", "id"]
        return read_table(join(self._snapshot, self._manifest.tables[number]), columns)

    def pieces(self, shard: str, record: int) -> Iterator[tuple[dict[str, Any], int, int]]:
        """(document, its first token here, how many) for each piece that a record predicts something of."""
        table, order, stride = self._provenance(shard)
        low = int(order[record]) * stride
        high = low + self._manifest.context_length + 1
        start, ids = table["start"].to_numpy(), table["ids"].to_numpy()
        for row in np.flatnonzero((start < high) & (start + ids > low)).tolist():
            piece = table.slice(row, 1).to_pylist()[0]
            block, place = split_key(int(piece["key"]))
            document = self._table(block).slice(place, 1).to_pylist()[0]
            if piece["form"]:
                yield document, piece["first"], piece["tokens"]
            else:
                begin, end = max(low, piece["start"]), min(high, piece["start"] + piece["ids"])
                yield document, piece["first"] + begin - piece["start"], end - begin


def _lineage(run: str, plan: Plan, checkpoint: int | None) -> Lineage:
    return read_checkpoint_lineage(plan.checkpoint.directory or run, checkpoint)


def _manifest(part: MixturePart, digest: str) -> Manifest:
    manifest = load_manifest(part.snapshot)
    if manifest.digest != digest:
        raise CheckFailed(
            f"{part.snapshot} has digest {manifest.digest[:16]}..., the run learned from {digest[:16]}...",
            "put the snapshot back where the plan names it",
        )
    return manifest
