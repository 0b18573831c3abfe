"""A build that needs no machine of ours: one Dataflow job whose only worker runs `codemill build` on Dataflow.

A Flex Template starts one job, and a build is several, one after the other. So the template's job is the one that waits
for the others. When its worker is lost, Dataflow gives the task to another, and the build goes on where it stopped.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.dataflow.dataflow_runner import DataflowPipelineResult

from codemill.building.build import build_snapshot
from codemill.screen.failure import tell_failure
from pipelines.jobs.engines.dataflow import build_arguments, console_url, explained_job
from pipelines.workspace import work_directory
from schemas.config import load_config
from schemas.errors import CodemillError
from storage.errors import StorageError
from storage.uris import is_remote


class Build(NamedTuple):
    """The arguments of one `codemill build`."""

    config: str
    output: str
    work: str
    against: tuple[str, ...]
    beam_options: tuple[str, ...]


class RunBuild(beam.DoFn):
    """build -> a snapshot; emits nothing."""

    def process(self, build: Build) -> Iterator[None]:
        """Run again, it goes on where the lost worker stopped."""
        build_snapshot(
            load_config(build.config),
            build.output,
            work=build.work,
            against=build.against,
            beam_options=build.beam_options,
        )
        yield from ()


def drive(arguments: Sequence[str]) -> None:
    """Start the job that drives a build, and wait for nothing.

    Args:
        arguments: those below, and Beam options. These hold for the passes' jobs and, but for the kind and number of
            machines, for this one too.

    Raises:
        CodemillError: what `codemill build` would refuse at once.
    """
    parser = argparse.ArgumentParser(prog="python -m codemill.building.drive", allow_abbrev=False)
    parser.add_argument("--config", required=True, help="build config on gs://")
    parser.add_argument("--output", required=True, help="snapshot directory on gs://")
    parser.add_argument("--work", help="directory of intermediate datasets; by default OUTPUT.work")
    parser.add_argument("--against", default="", help="earlier snapshots, with commas between")
    parser.add_argument("--driver_machine_type", default="e2-highmem-4", help="machine of the job that drives")
    parser.add_argument("--template_location", help="where the job is written to instead of being started")
    given, beam_options = parser.parse_known_args(arguments)
    if not is_remote(given.config):
        raise CodemillError(f"{given.config}: Dataflow's workers cannot reach it", "copy it to gs:// and name it there")
    config = load_config(given.config)
    work = given.work or work_directory(given.output)
    against = tuple(name for name in given.against.split(",") if name)
    passes = build_arguments(config, [given.output, work, *against], ["--runner=DataflowRunner", *beam_options])
    own = [f"--worker_machine_type={given.driver_machine_type}", "--num_workers=1", "--max_num_workers=1"]
    if given.template_location:
        own.append(f"--template_location={given.template_location}")
    task = Build(given.config, given.output, work, against, passes)
    pipeline = beam.Pipeline(options=PipelineOptions([*passes, *own, "--label=pass=drive"]))
    with explained_job(passes):
        pipeline | "Build" >> beam.Create([task]) | "Run passes" >> beam.ParDo(RunBuild())
        started = pipeline.run()
    if not given.template_location:
        assert isinstance(started, DataflowPipelineResult)
        print(f"started {console_url(passes, started.job_id())}")


def main() -> None:
    """Command line of the Flex Template's launcher, and of `python -m codemill.building.drive`."""
    try:
        drive(sys.argv[1:])
    except (CodemillError, StorageError) as error:
        sys.exit(tell_failure(error))


if __name__ == "__main__":
    # By its name, for what is pickled must not be called `__main__` on a worker.
    importlib.import_module("codemill.building.drive").main()
