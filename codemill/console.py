"""What a user sees while something long runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

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
        self._total = 0
        self._started = 0.0
        self._printed = 0.0
        self.seconds: dict[str, float] = {}

    def start(self, name: str, total: int, unit: str) -> None:
        """A pass begins."""
        self._name, self._total, self._unit = name, total, unit
        self._started = self._printed = time.monotonic()
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn(f"{name:<16}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(unit),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.add_task(name, total=total)
            self._bar.start()

    def update(self, done: int) -> None:
        """So many units are done."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done)
        elif time.monotonic() - self._printed >= PLAIN_INTERVAL:
            self._printed = time.monotonic()
            self._print(f"{self._name}: {done} of {self._total} {self._unit}")

    def finish(self, note: str = "") -> None:
        """The pass ended, well or not."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        elapsed = time.monotonic() - self._started
        self.seconds[self._name] = self.seconds.get(self._name, 0.0) + elapsed
        self._print(f"{self._name:<16} {self._total} {self._unit} in {elapsed:.1f} s{note and ' (' + note + ')'}")

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)


def make_console() -> Console:
    """The console for progress and results; plain and unwrapped when it is not a terminal."""
    # Elsewhere than on a terminal there is no width to fit: tables keep their columns whole.
    return Console() if sys.stdout.isatty() else Console(soft_wrap=True, width=PLAIN_WIDTH)
