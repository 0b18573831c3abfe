"""The page of a training run: its losses, its stages and their data, its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import yaml

from codemill.charts import Point, lines
from codemill.lineage import Piece, load_run_plan, open_step
from codemill.report.page import render
from schemas.errors import CodemillError
from schemas.names import document_name
from schemas.plan import Plan, StagePlan
from storage.errors import StorageError
from storage.files import exists, join, read_bytes
from storage.listing import list_files
from trainer.checkpoints.checkpoint import read_checkpoint_lineage
from trainer.checkpoints.lineage import Lineage
from trainer.metrics.log import METRICS_NAME
from trainer.model.parameters import count_parameters

MOST_POINTS = 300
"""Of one line; of a longer run, the means of neighbours."""
PIECES = 6
"""Documents shown of a step."""


@dataclass(frozen=True)
class StageRow:
    """A stage of the plan, and how far it is."""

    plan: StagePlan
    done: int
    """Steps."""
    first_loss: float | None
    last_loss: float | None
    tokens: int
    """Seen in these steps."""
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Saved:
    """A checkpoint that is there."""

    lineage: Lineage
    bytes: int


class Learned(NamedTuple):
    """Part of a document in a sequence."""

    position: int
    """The sequence's, in the order of its stage."""
    place: tuple[str, int]
    """Its shard and record."""
    document: str
    piece: Piece


@dataclass(frozen=True)
class Step:
    """A step, and some of the documents in its sequences; the reason where they cannot be told."""

    number: int
    stage: str
    pieces: tuple[Learned, ...]
    why_not: str


def run_page(run: str) -> bytes:
    """The report of a training run as HTML.

    Raises:
        CodemillError: the directory is not a run's.
    """
    plan = load_run_plan(run)
    entries = [json.loads(line) for line in _metrics(run).splitlines()]
    training = [entry for entry in entries if entry["kind"] == "training"]
    held_out = [entry for entry in entries if entry["kind"] == "evaluation"]
    saved = _checkpoints(plan.checkpoint.directory or run)
    stages = _stages(plan, training, saved)
    steps = _steps(run, plan, [row for row in stages if row.done])
    values: dict[str, Any] = {
        "plan": plan,
        "text": yaml.safe_dump(plan.model_dump(mode="json", exclude_none=True), sort_keys=False, width=100),
        "stages": stages,
        "done": sum(row.done for row in stages),
        "parameters": count_parameters(plan.model),
        "whole": sum(stage.steps for stage in plan.stages),
        "tokens": sum(row.tokens for row in stages),
        "saved": saved,
        "loss": _line_chart("training loss", "nats per token", training, "loss", large=True),
        "held_out": _held_out_charts(held_out),
        "others": [
            (title, _line_chart(title, unit, training, key))
            for title, unit, key in (
                ("learning rate", "", "learning_rate"),
                ("norm of the gradient", "", "gradient_norm"),
                ("speed", "tokens per second", "tokens_per_second"),
                ("waiting for data", "share of the time", "data_wait"),
            )
            if any(entry.get(key) is not None for entry in training)
        ],
        "steps": steps,
    }
    contents = [
        ("overview", "Overview"),
        ("loss", "Loss"),
        ("stages", "Stages and data"),
        ("order", "Data order"),
        ("checkpoints", "Checkpoints"),
        ("other", "Other curves"),
        ("plan", "The plan"),
    ]
    return render("run.html.j2", contents, **values)


def _metrics(run: str) -> bytes:
    """None are written before the first step that is logged."""
    path = join(run, METRICS_NAME)
    return read_bytes(path) if exists(path) else b""


def _stages(plan: Plan, training: Sequence[dict[str, Any]], saved: Sequence[Saved]) -> list[StageRow]:
    digests = {done.name: done.snapshot_digests for one in saved for done in one.lineage.stages}
    found = []
    for stage in plan.stages:
        own = [entry for entry in training if entry["stage"] == stage.name]
        done = max((entry["step"] for entry in own), default=0)
        found.append(
            StageRow(
                plan=stage,
                done=done,
                first_loss=own[0]["loss"] if own else None,
                last_loss=own[-1]["loss"] if own else None,
                tokens=done * stage.batch_sequences * plan.model.context_length,
                digests=digests.get(stage.name, ()),
            )
        )
    return found


def _checkpoints(directory: str) -> list[Saved]:
    """Finished checkpoints in the order of their steps."""
    sizes: dict[int, int] = {}
    finished = set()
    for relative, size, _ in list_files(join(directory, "checkpoints")):
        step, _, rest = relative.partition("/")
        if step.isdigit():
            sizes[int(step)] = sizes.get(int(step), 0) + size
            if rest == "commit_success.txt":
                finished.add(int(step))
    return [Saved(read_checkpoint_lineage(directory, step), sizes[step]) for step in sorted(finished)]


def _steps(run: str, plan: Plan, stages: Sequence[StageRow]) -> list[Step]:
    """The first and the last step of each stage, with some documents of their first sequences."""
    found = []
    before = {}
    total = 0
    for stage in plan.stages:
        before[stage.name] = total
        total += stage.steps
    for row in stages:
        for step in sorted({1, row.done}):
            number = before[row.plan.name] + step
            pieces, why_not = _pieces(run, number)
            found.append(Step(number, row.plan.name, pieces, why_not))
    return found


def _pieces(run: str, step: int) -> tuple[tuple[Learned, ...], str]:
    try:
        learned = (
            Learned(sequence.position, sequence.place, _name(piece), piece)
            for sequence in open_step(run, step).sequences
            for piece in sequence.pieces()
        )
        return tuple(islice(learned, PIECES)), ""
    except (CodemillError, StorageError) as error:
        return (), str(error)


def _name(piece: Piece) -> str:
    return document_name(piece.document["source"], piece.document["repository"], piece.document["path"])


def _line_chart(title: str, unit: str, entries: Sequence[dict[str, Any]], key: str, large: bool = False) -> str:
    stages = list(dict.fromkeys(entry["stage"] for entry in entries))
    points: list[Point] = []
    for stage in stages:
        own = [
            (entry["total_step"], entry[key])
            for entry in entries
            if entry["stage"] == stage and entry.get(key) is not None
        ]
        points += [Point(stage, x, y) for x, y in thinned(own)]
    return lines("step", unit or title, f"{title} of each stage by step", points, large)


def _held_out_charts(entries: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """A chart for each held-out data set, with a line for each language."""
    names = list(dict.fromkeys(name for entry in entries for name in entry["losses"]))
    found = []
    for name in names:
        measured = [
            (language, entry["total_step"], loss)
            for entry in entries
            for language, loss in entry["losses"].get(name, {}).items()
        ]
        languages = list(dict.fromkeys(language for language, *_ in measured))
        points = [
            Point(language, x, y)
            for language in languages
            for x, y in thinned([(step, loss) for one, step, loss in measured if one == language])
        ]
        found.append((name, lines("step", "nats per token", f"held-out loss on {name} by step", points)))
    return found


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most so many points: means of equal numbers of neighbours, each at the last one's place."""
    each = -(-len(points) // most) if points else 1
    groups = [points[start : start + each] for start in range(0, len(points), each)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]
