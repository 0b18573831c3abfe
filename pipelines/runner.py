"""Where a Beam job runs: worker processes on this machine by default, anything else by a Beam option."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions


class Progress(Protocol):
    """Shows how far a pass is."""

    def start(self, name: str, total: int, unit: str) -> None:
        """A pass begins, with `total` units of work."""

    def update(self, done: int) -> None:
        """So many units are done."""

    def finish(self, note: str = "") -> None:
        """The pass ended; `note` says what came of it."""


@dataclass(frozen=True)
class Runner:
    """How to run the Beam jobs of a build."""

    workers: int
    progress: Progress
    beam_arguments: tuple[str, ...] = ()
    """Beam options; with `--runner` among them they replace the local runner."""

    @property
    def is_local(self) -> bool:
        """Whether jobs run in worker processes on this machine."""
        return not any(a == "--runner" or a.startswith("--runner=") for a in self.beam_arguments)

    @property
    def exchanges_files(self) -> bool:
        """Whether large values go from step to step through files; see `pipelines.exchange`."""
        return self.is_local

    def options(self) -> PipelineOptions:
        """Beam's options for a job.

        The local runner is named, because Beam's default may fetch another engine when it finds a network.
        """
        if not self.is_local:
            return PipelineOptions(list(self.beam_arguments))
        if self.workers == 1:
            local = ["--runner=FnApiRunner", "--direct_running_mode=in_memory"]
        else:
            local = [
                "--runner=FnApiRunner",
                "--direct_running_mode=multi_processing",
                f"--direct_num_workers={self.workers}",
            ]
        return PipelineOptions([*local, *self.beam_arguments])

    def run(self, build: Callable[[beam.Pipeline], None]) -> None:
        """Build and run one job to its end.

        No job is trusted to have handled every element: each leaves a marker per element, or counts what was sent
        and what arrived.
        """
        _quiet_beam()
        with beam.Pipeline(options=self.options()) as pipeline:
            build(pipeline)

    @contextmanager
    def watch(self, name: str, total: int, unit: str, count: Callable[[], int]) -> Iterator[None]:
        """Report progress while a pass runs, from what it has left on storage: the same on every runner."""
        self.progress.start(name, total, unit)
        stop = threading.Event()

        def poll() -> None:
            while not stop.wait(1.0):
                self.progress.update(count())

        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        note = "failed"
        try:
            yield
            self.progress.update(total)
            note = ""
        finally:
            stop.set()
            thread.join()
            self.progress.finish(note)


def default_workers() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _quiet_beam() -> None:
    """Beam reports every worker start at warning level; a user's terminal is for the build's own lines."""
    for name in ("apache_beam", "root"):
        logging.getLogger(name).setLevel(logging.ERROR)
