"""What a user sees while something long runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from codemill.screen.pace import Pace
from pipelines.jobs.progress import Done

PLAIN_WIDTH = 180
PLAIN_INTERVAL = 10.0
"""Seconds between plain progress lines."""


class BuildProgress:
    """Progress of a build's passes; keeps each pass's seconds for the summary."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._name = ""
        self._unit = ""
        self._pace = Pace(0, 0.0)
        self._printed = 0.0
        self.seconds: dict[str, float] = {}

    def start(self, name: str, total: int, unit: str) -> None:
        """A pass begins."""
        self._name, self._unit = name, unit
        self._printed = time.monotonic()
        self._pace = Pace(total, self._printed)
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn(f"{name:<16}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(unit),
                TimeElapsedColumn(),
                TextColumn("{task.fields[pace]}"),
                console=self._console,
                transient=True,
            )
            self._bar.add_task(name, total=total, pace="")
            self._bar.start()

    def update(self, done: Done) -> None:
        """So much is done."""
        now = time.monotonic()
        self._pace.update(done, now)
        if self._bar is not None:
            words = ", ".join([*self._pace.rates(), *self._pace.left()])
            self._bar.update(self._bar.task_ids[0], completed=done.parts, pace=words)
        elif now - self._printed >= PLAIN_INTERVAL:
            self._printed = now
            words = ", ".join([*self._pace.amounts(), *self._pace.rates(), *self._pace.left()])
            self._print(f"{self._name}: {done.parts:,} of {self._pace.total:,} {self._unit}{words and ': ' + words}")

    def finish(self, note: str = "") -> None:
        """The pass ended, well or not."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        pace = self._pace
        pace.end(time.monotonic())
        self.seconds[self._name] = self.seconds.get(self._name, 0.0) + pace.seconds
        parts = f"{pace.done.parts:,} of {pace.total:,}" if note else f"{pace.total:,}"
        words = ", ".join([f"{parts} {self._unit} in {pace.seconds:.1f} s", *pace.amounts(), *pace.rates()])
        self._print(f"{self._name:<16} {words}{note and ' (' + note + ')'}")

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)


def make_console() -> Console:
    """The console for progress and results; plain and unwrapped when it is not a terminal."""
    # Elsewhere than on a terminal there is no width to fit: tables keep their columns whole.
    return Console() if sys.stdout.isatty() else Console(soft_wrap=True, width=PLAIN_WIDTH)
