"""From a run's weights back to the bytes they learned from: stages, snapshots, shards, and the documents of a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from codemill.explain.placement import find_shard, provenance_name
from pipelines.tables import read_table
from schemas.documents import split_key
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import MANIFEST_NAME, PLAN_NAME, TRAIN_SPLIT, Manifest, load_manifest
from schemas.names import document_name
from schemas.plan import MixturePart, Plan
from storage.files import exists, join
from tokenization.packing.records import record_order
from trainer.checkpoints.checkpoint import read_checkpoint_lineage
from trainer.checkpoints.lineage import Lineage
from trainer.metrics.log import read_plan
from trainer.snapshot import open_stage


def load_run_plan(run: str) -> Plan:
    """The plan that a run keeps beside its metrics.

    Raises:
        CodemillError: this is not a run's directory.
        CheckFailed: the plan there is damaged.
    """
    path = join(run, PLAN_NAME)
    if not exists(path):
        what = "is a snapshot, not a run" if exists(join(run, MANIFEST_NAME)) else f"is no run: it holds no {PLAN_NAME}"
        raise CodemillError(f"{run}: {what}", "name a directory that `codemill train` wrote")
    return read_plan(run)


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


@dataclass(frozen=True)
class Piece:
    """Ids of a record that are of one document."""

    document: dict[str, Any]
    """Its source, repository, path and id."""
    key: int
    """The document's, in its snapshot."""
    first: int
    """Its first token here."""
    tokens: int
    begin: int
    """The first id's place in the record."""
    ids: int
    """As many as tokens, unless the piece is rewritten for filling in the middle."""

    def words(self) -> str:
        """Which ids they are, for people."""
        where = f"ids {self.begin} to {self.begin + self.ids - 1}" if self.ids else f"before id {self.begin}"
        return f"{where}: " + (f"tokens {self.first} to {self.first + self.tokens - 1}" if self.tokens else "no token")


@dataclass(frozen=True)
class Sequence:
    """A record that a step learned from."""

    position: int
    """In the stage's order."""
    place: tuple[str, int]
    """Its shard, and which record of it."""
    trace: Trace

    def pieces(self) -> Iterator[Piece]:
        """What it is made of, in the order of its ids."""
        return self.trace.pieces(*self.place)


@dataclass(frozen=True)
class OpenedStep:
    """A step and its sequences, in the order of the batch."""

    plan: str
    stage: str
    step_of_stage: int
    sequences: tuple[Sequence, ...]


def open_step(run: str, step: int) -> OpenedStep:
    """Find the sequences of one step, counted over all stages from 1.

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
    learned = {done.name: done.snapshot_digests for done in _lineage(run, plan, None).stages}
    digests = learned.get(stage.name, data.digests)  # of a stage that no checkpoint knows yet, what is there now
    traces = [Trace(part, digest) for part, digest in zip(stage.parts, digests, strict=True)]
    sequences = [
        Sequence(position, data.train.parts[number].records.locate(record), traces[number])
        for position, number, record in zip(positions.tolist(), parts.tolist(), records.tolist(), strict=True)
    ]
    return OpenedStep(plan.name, stage.name, step - before, tuple(sequences))


def step_lines(run: str, step: int) -> Iterator[str]:
    """The documents of one step for machines: a line for each piece of a document in each sequence.

    `codemill explain RUN step:N` tells people the same. Raises as `open_step`.
    """
    opened = open_step(run, step)
    first, last = opened.sequences[0].position, opened.sequences[-1].position
    yield f"# {opened.plan} step {step}: stage {opened.stage}, positions {first} to {last}"
    yield "# position\tshard\trecord\tdocument\tid\tfirst token\tlast token"
    for sequence in opened.sequences:
        shard, record = sequence.place
        for piece in sequence.pieces():
            document = piece.document
            shown = document_name(document["source"], document["repository"], document["path"])
            last_token = piece.first + piece.tokens - 1
            tokens = f"{document['id'].hex()}\t{piece.first}\t{last_token}"
            yield f"{sequence.position}\t{shard}\t{record}\t{shown}\t{tokens}"


class Trace:
    """Records of a snapshot back to documents; shards and tables are read once each."""

    def __init__(self, part: MixturePart, digest: str) -> None:
        self.snapshot = part.snapshot
        self.manifest = _manifest(part, digest)
        self._provenance = cache(self._read_provenance)
        self._table = cache(self._read_table)

    def _read_provenance(self, shard: str) -> tuple[pa.Table, np.ndarray, int]:
        split, entry = find_shard(self.manifest, shard)
        table = read_table(join(self.snapshot, provenance_name(shard)))
        return table, record_order(self.manifest.seed, shard, entry.records), split.packing.stride

    def _read_table(self, number: int) -> pa.Table:
        columns = ["source", "repository", "path", "id"]
        return read_table(join(self.snapshot, self.manifest.tables[number]), columns)

    def pieces(self, shard: str, record: int) -> Iterator[Piece]:
        """Each piece of a document that a record predicts something of."""
        table, order, stride = self._provenance(shard)
        low = int(order[record]) * stride
        high = low + self.manifest.context_length + 1
        start, ids = table["start"].to_numpy(), table["ids"].to_numpy()
        for row in np.flatnonzero((start < high) & (start + ids > low)).tolist():
            piece = table.slice(row, 1).to_pylist()[0]
            key = int(piece["key"])
            block, place = split_key(key)
            document = self._table(block).slice(place, 1).to_pylist()[0]
            begin, end = max(low, piece["start"]), min(high, piece["start"] + piece["ids"])
            if piece["form"]:
                yield Piece(document, key, piece["first"], piece["tokens"], begin - low, end - begin)
            else:
                first = piece["first"] + begin - piece["start"]
                yield Piece(document, key, first, end - begin, begin - low, end - begin)


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
