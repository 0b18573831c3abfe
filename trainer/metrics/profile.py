"""A profile of a few steps, on request, for XLA's own viewers (TensorBoard, Perfetto)."""

from __future__ import annotations

from dataclasses import dataclass

import jax

from schemas.errors import CodemillError
from storage.files import is_remote, join

STEPS = 3
"""Profiled in a row: one alone would show little of what overlaps."""


@dataclass
class Profile:
    """Traces `STEPS` steps from step `first` on, counted over all stages, into `profile` in the run directory."""

    directory: str
    first: int
    _running: bool = False

    def __post_init__(self) -> None:
        if is_remote(self.directory):
            raise CodemillError(
                f"{self.directory}: profiles are written to local directories only", "give a local --output to profile"
            )

    def before(self, step: int) -> None:
        """Step `step` is about to begin."""
        if step == self.first:
            jax.profiler.start_trace(join(self.directory, "profile"))
            self._running = True

    def after(self, step: int, result: jax.Array) -> None:
        """Step `step` was handed to the device; `result` is of it."""
        if self._running and step >= self.first + STEPS - 1:
            result.block_until_ready()
            self.stop()

    def stop(self) -> None:
        """End the trace, if it runs."""
        if self._running:
            jax.profiler.stop_trace()  # type: ignore[no-untyped-call]
            self._running = False
