"""What a run says: plain lines for people, and `metrics.jsonl` in the run directory to draw curves from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jax

from schemas.errors import CheckFailed
from schemas.manifest import PLAN_NAME
from schemas.plan import Plan
from storage.files import exists, join, read_bytes, write_atomic
from trainer.metrics.tensorboard import Events

METRICS_NAME = "metrics.jsonl"
HeldOutLosses = dict[str, dict[str, float]]
"""Nats per token by stage and language."""


def read_plan(run: str) -> Plan:
    """The plan that a run keeps beside its metrics.

    Raises:
        MissingFile: there is none.
        CheckFailed: it is damaged.
    """
    path = join(run, PLAN_NAME)
    try:
        return Plan.model_validate(json.loads(read_bytes(path)))
    except (ValueError, RecursionError):
        raise CheckFailed(
            f"{path}: is damaged", "delete it; `codemill train` with the same plan and output writes it again"
        ) from None


class RunLog:
    """Lines go to `report` at once; metrics are kept and written whole by `flush`, which also works on gs://.

    Only the first process of a run speaks.
    """

    def __init__(self, directory: str, report: Callable[[str], None]) -> None:
        self._path = join(directory, METRICS_NAME)
        self._plan = join(directory, PLAN_NAME)
        self._report = report
        self._speaks = jax.process_index() == 0
        self._entries: list[dict[str, Any]] = []
        self._events: Events | None = None

    def write_events(self, events: Events) -> None:
        """Write the figures to TensorBoard's files as well."""
        self._events = events

    def resume(self, is_before: Callable[[str, int], bool]) -> None:
        """Take up the metrics of an earlier part of the run.

        Args:
            is_before: whether a step (stage name, steps done in it) lies in what is kept; later ones will come again.
        """
        if self._speaks and exists(self._path):
            entries = [json.loads(line) for line in read_bytes(self._path).splitlines()]
            self._entries = [entry for entry in entries if is_before(entry["stage"], entry["step"])]

    def keep_plan(self, plan: Plan) -> None:
        """Keep the plan beside the metrics: what tells, later, which sequences a step has seen."""
        if self._speaks:
            write_atomic(self._plan, json.dumps(plan.model_dump(mode="json"), indent=1).encode() + b"\n")

    def say(self, line: str) -> None:
        """Report a line."""
        if self._speaks:
            self._report(line)

    def training(self, stage: str, step: int, total_step: int, values: dict[str, float | None]) -> None:
        """Report and keep an interval's figures: those of `Meter.take`, learning_rate and gradient_norm."""
        self._entries.append({"kind": "training", "stage": stage, "step": step, "total_step": total_step, **values})
        if self._events is not None:
            self._events.add(total_step, {f"training/{name}": value for name, value in values.items()})
        mfu = "n/a" if values["mfu"] is None else f"{values['mfu']:.1%}"
        self.say(
            f"{stage} step {step}  loss {values['loss']:.4f}  lr {values['learning_rate']:.3g}  "
            f"grad norm {values['gradient_norm']:.3f}  {values['tokens_per_second']:,.0f} tokens/s  "
            f"data wait {values['data_wait']:.1%}  MFU {mfu}"
        )

    def evaluation(self, stage: str, step: int, total_step: int, losses: HeldOutLosses) -> None:
        """Report and keep held-out losses."""
        entry = {"kind": "evaluation", "stage": stage, "step": step, "total_step": total_step, "losses": losses}
        self._entries.append(entry)
        if self._events is not None:
            held_out = {
                f"held out/{data}/{language}": loss
                for data, languages in losses.items()
                for language, loss in languages.items()
            }
            self._events.add(total_step, {**held_out})
        figures = "  ".join(
            f"{data}/{language} {loss:.4f}"
            for data, languages in losses.items()
            for language, loss in languages.items()
        )
        self.say(f"{stage} step {step}  held-out loss  {figures or 'none: no validation split'}")

    def flush(self) -> None:
        """Write all metrics so far."""
        if self._speaks:
            lines = (json.dumps(entry, allow_nan=False) + "\n" for entry in self._entries)
            write_atomic(self._path, "".join(lines).encode())
            if self._events is not None:
                self._events.flush()
