"""What a run says: plain lines for people, and `metrics.jsonl` in the run directory to draw curves from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jax

from storage.files import exists, join, read_bytes, write_atomic

METRICS_NAME = "metrics.jsonl"
HeldOutLosses = dict[str, dict[str, float]]
"""Nats per token by stage and language."""


class RunLog:
    """Lines go to `report` at once; metrics are kept and written whole by `flush`, which also works on gs://.

    Only the first process of a run speaks.
    """

    def __init__(self, directory: str, report: Callable[[str], None]) -> None:
        self._path = join(directory, METRICS_NAME)
        self._report = report
        self._speaks = jax.process_index() == 0
        self._entries: list[dict[str, Any]] = []

    def resume(self, is_before: Callable[[str, int], bool]) -> None:
        """Take up the metrics of an earlier part of the run.

        Args:
            is_before: whether a step (stage name, steps done in it) lies in what is kept; later ones will come again.
        """
        if self._speaks and exists(self._path):
            entries = [json.loads(line) for line in read_bytes(self._path).splitlines()]
            self._entries = [entry for entry in entries if is_before(entry["stage"], entry["step"])]

    def say(self, line: str) -> None:
        """Report a line."""
        if self._speaks:
            self._report(line)

    def training(self, stage: str, step: int, total_step: int, values: dict[str, float | None]) -> None:
        """Report and keep an interval's figures: those of `Meter.take`, learning_rate and gradient_norm."""
        self._entries.append({"kind": "training", "stage": stage, "step": step, "total_step": total_step, **values})
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
