"""Where a Beam job runs: worker processes on this machine by default, anything else by a Beam option."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.progress import Done, Progress, watched


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

    def watch(self, name: str, total: int, unit: str, count: Callable[[], Done]) -> AbstractContextManager[None]:
        """Report progress while a pass of `total` parts runs; `count` says how much of it is done."""
        return watched(self.progress, name, total, unit, count)


def default_workers() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _quiet_beam() -> None:
    """Beam reports every worker start at warning level; a user's terminal is for the build's own lines."""
    for name in ("apache_beam", "root"):
        logging.getLogger(name).setLevel(logging.ERROR)
