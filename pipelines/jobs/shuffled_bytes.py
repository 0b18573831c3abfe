"""How many bytes a job shuffles: what its steps hand to each other through a shuffle, encoded as an engine carries it.

Every GroupByKey, CoGroupByKey and Reshuffle is, in Beam's local runner, a buffer that its worker processes send encoded
elements to. The bytes are counted there, in the driver, so that the steps are neither changed nor slowed. Engines add
little of their own to an element, and compress what they store; where values go through files, only their places are
shuffled (see `pipelines.jobs.exchange`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from apache_beam.runners.portability.fn_api_runner import execution


@dataclass
class Shuffled:
    """What went through shuffles while it was counted."""

    bytes: int = 0


@contextmanager
def counted_shuffles() -> Iterator[Shuffled]:
    """Count what the jobs shuffle that run on Beam's local runner meanwhile."""
    shuffled = Shuffled()

    class Counting(execution.GroupingBuffer):
        def append(self, elements_data: bytes) -> None:
            shuffled.bytes += len(elements_data)
            super().append(elements_data)

    plain = execution.GroupingBuffer
    execution.GroupingBuffer = Counting  # type: ignore[misc]  # the runner makes its buffers by this name
    try:
        yield shuffled
    finally:
        execution.GroupingBuffer = plain  # type: ignore[misc]
