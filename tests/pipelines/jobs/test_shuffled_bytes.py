"""Bytes are counted where a job shuffles them, and nowhere else."""

from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import execution

from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.jobs.shuffled_bytes import counted_shuffles

VALUES = [(number % 3, bytes(1000)) for number in range(300)]
ENVELOPE = 50
"""Bytes that Beam adds to an element at most: its key, window and lengths."""


def shuffled_by(transform: Any, workers: int = 1) -> int:
    with counted_shuffles() as shuffled:
        Runner(workers, Silence()).run(lambda pipeline: pipeline | beam.Create(VALUES) | transform, "count")
    return shuffled.bytes


def at_rest() -> int:
    """What any job shuffles: a runner spreads what it creates."""
    return shuffled_by(beam.Map(len))


@pytest.mark.parametrize("transform", [beam.GroupByKey(), beam.Reshuffle()])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_shuffle_is_counted_once(transform: Any, workers: int) -> None:
    payload = 1000 * len(VALUES)
    assert payload <= shuffled_by(transform, workers) - at_rest() <= payload + ENVELOPE * len(VALUES)


def test_beam_is_left_as_it_was() -> None:
    plain = execution.GroupingBuffer
    with pytest.raises(ZeroDivisionError), counted_shuffles():
        raise ZeroDivisionError
    assert execution.GroupingBuffer is plain
