"""Counts of what each step sent and received, kept beside a job's data: totals come from data, not metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from pipelines.workspace import Dataset, read_json, write_json
from schemas.errors import CheckFailed
from storage.files import delete_tree
from storage.listing import list_files


def count(name: str, value: int) -> Any:
    """An element of a step's output `counts`."""
    return beam.pvalue.TaggedOutput("counts", (name, int(value)))


class _WriteCount(beam.DoFn):
    """(name, counts) -> a small file with their sum, or maximum for a `largest_`."""

    def __init__(self, directory: str) -> None:
        self._dataset = Dataset(directory)

    def process(self, element: tuple[str, Iterable[int]]) -> Iterator[None]:
        name, counts = element
        write_json(self._dataset.path(f"{name}.json"), max(counts) if name.startswith("largest_") else sum(counts))
        yield from ()


def write_counts(counts: list[Any], directory: str) -> None:
    """Let a job add up the `counts` of its steps and write them to a directory."""
    (
        tuple(counts)
        | "All counts" >> beam.Flatten()
        | "By name" >> beam.GroupByKey()
        | "Write counts" >> beam.ParDo(_WriteCount(directory))
    )


def clear_counts(directory: str) -> None:
    """Take away the counts of a job that did not end."""
    delete_tree(directory)


def read_counts(directory: str) -> dict[str, int]:
    """The counts of a job that has ended."""
    dataset = Dataset(directory)
    return {name.removesuffix(".json"): read_json(dataset.path(name)) for name, _, _ in list_files(directory)}


def check_arrivals(counts: dict[str, int], expected: dict[str, int]) -> None:
    """Compare what was sent with what arrived, step by step.

    Raises:
        CheckFailed: some of it did not arrive.
    """
    for name, sent in expected.items():
        arrived = counts.get(name, 0)
        if arrived != sent:
            raise CheckFailed(
                f"deduplicate: {arrived:,} of {sent:,} {name.replace('_', ' ')} arrived: the runner lost some",
                "run the build again; if that fails too, with --workers 1",
            )
