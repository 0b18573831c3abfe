"""Where a Beam job runs: worker processes on this machine by default, anything else by a Beam option."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from traceback import format_exception_only

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.jobs.engines.dataflow import job_arguments
from pipelines.jobs.engines.engine import on_engine
from pipelines.jobs.interruption import check_interruption
from pipelines.jobs.local.worker import run_in_workers
from pipelines.jobs.progress import Done, Progress, watched
from pipelines.jobs.worker_error import error_in
from schemas.errors import CodemillError
from storage.errors import StorageError


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
        """Whether large values go from step to step through files; see `pipelines.jobs.exchange`."""
        return self.is_local

    def for_parts(self, parts: int) -> Runner:
        """The same with no more local workers than there are parts to work on: starting them takes seconds."""
        return replace(self, workers=max(1, min(self.workers, parts))) if self.is_local else self

    def options(self, name: str) -> PipelineOptions:
        """Beam's options for the job of the pass `name`.

        The local runner is named, because Beam's default may fetch another engine when it finds a network.
        """
        if not self.is_local:
            return PipelineOptions([*self.beam_arguments, *job_arguments(self.beam_arguments, name)])
        if self.workers == 1:
            local = ["--runner=FnApiRunner", "--direct_running_mode=in_memory"]
        else:
            local = [
                "--runner=FnApiRunner",
                "--direct_running_mode=multi_processing",
                f"--direct_num_workers={self.workers}",
            ]
        return PipelineOptions([*local, *self.beam_arguments])

    def run(self, build: Callable[[beam.Pipeline], None], name: str) -> None:
        """Build and run one job to its end; `name` is that of its pass.

        No job is trusted to have handled every element: each leaves a marker per element, or counts what was sent
        and what arrived.

        Raises:
            KeyboardInterrupt: the user or the system asked for an end, perhaps before.
            CodemillError: what a worker raised, or a local worker process died.
            StorageError: what a worker raised.
        """
        check_interruption()
        _quiet_beam(logging.CRITICAL if self.is_local else logging.ERROR)

        def job() -> None:
            pipeline = _pipeline(self.options(name))
            with nullcontext() if self.is_local else on_engine(self.beam_arguments, pipeline), pipeline:
                build(pipeline)

        try:
            if self.is_local and self.workers > 1:
                run_in_workers(job)
            else:
                job()
        except (RuntimeError, CodemillError, StorageError) as failure:
            error = error_in("".join(format_exception_only(failure)))
            if error is None:
                raise
            raise error from None

    def watch(self, name: str, total: int, unit: str, count: Callable[[], Done]) -> AbstractContextManager[None]:
        """Report progress while a pass of `total` parts runs; `count` says how much of it is done."""
        return watched(self.progress, name, total, unit, count)


def _pipeline(options: PipelineOptions) -> beam.Pipeline:
    try:
        return beam.Pipeline(options=options)
    except ValueError as error:  # a runner that there is not, or an option that is missing for it
        raise CodemillError(
            f"Beam does not take its options: {str(error).splitlines()[0]}", "correct what stands behind `--`"
        ) from None


def default_workers() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _quiet_beam(level: int) -> None:
    """A user's terminal is for the build's own lines.

    Beam reports every worker start at warning level. On this machine it logs a worker's error, too, which then arrives
    as an exception; an engine may have more to tell about one.
    """
    logging.getLogger("apache_beam").setLevel(level)
    logging.getLogger().setLevel(logging.ERROR)
