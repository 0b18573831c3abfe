"""What one step of a job hands to another: in the shuffle itself, or through files where a job runs on one machine.

An engine such as Dataflow or Flink shuffles large values well. Beam's local runner copies them through its own process
several times and holds them all in memory; there, only the place of a value within a file travels.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

import numpy as np

from pipelines.build_lock import stand_in
from pipelines.jobs.runner import Runner
from pipelines.workspace import Dataset
from storage.errors import explained
from storage.files import delete_tree


class FileRange(NamedTuple):
    """Bytes of a file."""

    path: str
    start: int
    size: int


Value: TypeAlias = bytes | FileRange


class Exchange(NamedTuple):
    """Where values are left; with no directory they travel themselves."""

    directory: str | None

    def put(self, name: str, values: Sequence[np.ndarray]) -> list[Value]:
        """Leave a step's values; `name` tells the step's output from all others of the job."""
        if self.directory is None:
            return [value.tobytes() for value in values]
        path = os.path.join(self.directory, name)
        ranges: list[Value] = []
        try:
            os.makedirs(self.directory, exist_ok=True)
            with open(path, "wb") as file:
                for value in values:
                    ranges.append(FileRange(path, file.tell(), value.nbytes))
                    file.write(np.ascontiguousarray(value).view(np.uint8).data)
        except OSError as error:
            raise explained(path, "write", error) from None
        return ranges

    @staticmethod
    def get(value: Value) -> bytes:
        """The bytes of a value."""
        if isinstance(value, bytes):
            return value
        with open(value.path, "rb") as file:
            file.seek(value.start)
            return file.read(value.size)


@contextmanager
def exchange(runner: Runner, dataset: Dataset) -> Iterator[Exchange]:
    """An exchange for one job; its files go when the job has ended."""
    if not runner.exchanges_files:
        yield Exchange(None)
        return
    directory = stand_in(dataset.path("exchange"))
    delete_tree(directory)  # a killed job's
    try:
        yield Exchange(directory)
    finally:
        delete_tree(directory)
