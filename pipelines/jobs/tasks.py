"""The tasks of a job (its units, blocks, buckets, shards), given to the workers in a file.

What a job is created with becomes a part of its graph, of which an engine takes a few megabytes only, and a corpus of
terabytes has a hundred thousand blocks. So the graph names one file, whatever the size of the corpus.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import apache_beam as beam
import msgspec

from pipelines.code_version import check_versions, versions
from storage.files import join, open_stream, write_atomic

Task = TypeVar("Task")


def hand_out(pipeline: beam.Pipeline, name: str, tasks: Iterable[Task], kind: type[Task], directory: str) -> Any:
    """A PCollection of tasks, spread over the workers.

    Args:
        pipeline: of the job.
        name: what they are, for the labels of steps.
        tasks: of one type that msgspec can write as JSON.
        kind: this type.
        directory: where the file goes, which all workers can read; its name is told by its content, so that the
            workers of a job that was given up still find theirs.
    """
    content = msgspec.json.Encoder().encode_lines(list(tasks))
    path = join(directory, "tasks", f"{hashlib.sha256(content).hexdigest()[:16]}.jsonl")
    write_atomic(path, content)
    return (
        pipeline
        | f"List of {name}" >> beam.Create([path])
        | f"Read {name}" >> beam.ParDo(_ReadTasks(kind)).with_output_types(kind)
        | f"Spread {name}" >> beam.Reshuffle()
    )


class _ReadTasks(beam.DoFn):
    """path -> the tasks in that file."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind
        self._versions = versions()

    def setup(self) -> None:
        check_versions(self._versions)

    def process(self, path: str) -> Iterator[Any]:
        decoder = msgspec.json.Decoder(self._kind)
        with open_stream(path) as stream:
            for line in io.BufferedReader(stream):
                yield decoder.decode(line)
