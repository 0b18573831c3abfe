"""What the evaluations share: what is drawn, and progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from rich.console import Console

from codemill.screen.progress import BuildProgress
from evaluation.sampling.settings import Settings
from pipelines.jobs.progress import Done
from schemas.errors import CodemillError


@dataclass(frozen=True)
class Draws:
    """What is drawn from a model."""

    samples: int
    temperatures: tuple[float, ...]
    top_p: float
    seed: int
    tokens: int | None = None
    """New tokens of each; None where the benchmark says."""

    def __post_init__(self) -> None:
        if 0 in self.temperatures and self.samples > 1:
            raise CodemillError("at temperature 0 all samples are the same", "give --samples 1, or a temperature above")
        if len(set(self.temperatures)) < len(self.temperatures):
            raise CodemillError("a temperature is given twice", "give each once")
        for temperature in self.temperatures:
            self.settings(temperature)

    def settings(self, temperature: float) -> Settings:
        """How to sample at one of the temperatures."""
        return Settings(tokens=self.tokens or 1, temperature=temperature, top_p=self.top_p, seed=self.seed)

    def described(self) -> dict[str, Any]:
        """For the evaluation's settings."""
        return {**asdict(self), "temperatures": list(self.temperatures)}


HUMANEVAL = Draws(samples=200, temperatures=(0.2, 0.6, 0.8), top_p=0.95, seed=42, tokens=512)
MTPB = Draws(samples=40, temperatures=(0.2,), top_p=0.95, seed=16)
"""As the CodeGen paper drew; the seeds are those of its published scripts."""


def parse_temperatures(text: str) -> tuple[float, ...]:
    """Numbers with commas between.

    Raises:
        CodemillError: they are not.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise CodemillError(f"temperatures {text!r} are no numbers", "give them like 0.2,0.6,0.8") from None


class Target(NamedTuple):
    """A benchmark's file, and where an evaluation on it goes."""

    data: str | None
    """Path or address; None for the public file's address."""
    output: str | None
    workers: int | None
    """Programs at a time; None for one a core."""


@contextmanager
def told(console: Console, name: str, problems: int) -> Iterator[Callable[[int], None]]:
    """Show how many problems are done."""
    progress = BuildProgress(console)
    progress.start(name, problems, "problems")
    note = "stopped"
    try:
        yield lambda done: progress.update(Done(done))
        note = ""
    finally:
        progress.finish(note)
