"""Builds on Google Cloud Dataflow: what its jobs need besides what the user says, and what cannot work there."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
from google.api_core.exceptions import GoogleAPICallError

from filtering.rule_sets import load_rule_set
from pipelines.jobs.engines.worker_package import is_checkout, source_package
from pipelines.jobs.worker_error import error_in, last_line
from schemas.config import BuildConfig, CodegenTokenizerConfig, TokenizerJsonConfig
from schemas.errors import CodemillError
from schemas.sources import BigQuerySource, GitSource
from storage.files import join, write_atomic
from storage.uris import is_remote

JOB_NAME_LENGTH = 63
NEEDED = {"project": "P", "region": "us-central1", "temp_location": "gs://BUCKET/tmp"}


def on_dataflow(arguments: Sequence[str]) -> bool:
    """Whether Beam options ask for Dataflow."""
    runner = PipelineOptions(list(arguments)).view_as(StandardOptions).runner or ""
    return runner.rpartition(".")[2].lower() in ("dataflow", "dataflowrunner")


def build_arguments(config: BuildConfig, places: Sequence[str], arguments: Sequence[str]) -> tuple[str, ...]:
    """The Beam options of all jobs of a build: the user's, and what they leave open.

    Args:
        config: of the build.
        places: output, work directory and earlier snapshots.
        arguments: the user's.

    Raises:
        CodemillError: something that workers would miss: an option, a path that they can reach, the code itself.
    """
    options = PipelineOptions(list(arguments))
    cloud = options.view_as(GoogleCloudOptions)
    for name, example in NEEDED.items():
        if not getattr(cloud, name):
            raise CodemillError(f"Dataflow needs --{name}", f"add --{name}={example} behind `--`")
    for place in (cloud.temp_location, *places, *_inputs(config)):
        if not place.startswith("https://") and not is_remote(place):
            raise CodemillError(f"{place}: Dataflow's workers cannot reach it", "copy it to gs:// and name it there")
    added = [
        # What is pickled is named by its module, and `__main__` is the command line of this machine.
        "--no_save_main_session",
        # It would lay a list of this machine's packages and paths beside the job.
        "--experiment=disable_logging_submission_environment",
        f"--label=codemill={_plain(version('codemill'))}",
        f"--label=build={_plain(config.name)}",
    ]
    if not cloud.job_name:
        added.append(f"--job_name={_plain(f'codemill-{config.name}')}")
    if options.view_as(WorkerOptions).sdk_container_image:
        added.append("--sdk_location=container")
    elif not _brings_code(options.view_as(SetupOptions)):
        added.append(f"--extra_package={_upload_package(cloud.temp_location)}")
    # A build that a job of another one drives has got them already.
    return (*arguments, *(argument for argument in added if argument not in arguments))


def job_arguments(arguments: Sequence[str], name: str) -> tuple[str, ...]:
    """Further options of one of the build's jobs, that of the pass `name`; none on other engines."""
    if not on_dataflow(arguments):
        return ()
    build = PipelineOptions(list(arguments)).view_as(GoogleCloudOptions).job_name or "codemill"
    # Of two jobs with one name Dataflow runs one.
    end = f"-{_plain(name)[:20].strip('-')}-{uuid.uuid4().hex[:8]}"
    start = _plain(build)[: JOB_NAME_LENGTH - len(end)]
    return f"--job_name={start if start[:1].isalpha() else 'b' + start[1:]}{end}", f"--label=pass={_plain(name)}"


def console_url(arguments: Sequence[str], job: str) -> str:
    """Where a job can be looked at."""
    cloud = PipelineOptions(list(arguments)).view_as(GoogleCloudOptions)
    return f"https://console.cloud.google.com/dataflow/jobs/{cloud.region}/{job}?project={cloud.project}"


@contextmanager
def explained_job(arguments: Sequence[str]) -> Iterator[None]:
    """Around a job: what Dataflow says against it, in one line.

    Raises:
        CodemillError: the job failed or was not taken.
        StorageError: a worker could not read or write.
    """
    try:
        yield
    except DataflowRuntimeException as failure:
        job = failure.result.job_id()
        console = console_url(arguments, job)
        error = error_in(str(failure))
        if error is not None:
            raise type(error)(f"Dataflow job {job}: {error.message} ({console})", error.remedy) from None
        raise CodemillError(
            f"Dataflow job {job}: {last_line(str(failure))[:300]}", f"look at {console}; run again, the build goes on"
        ) from None
    except GoogleAPICallError as refusal:
        raise CodemillError(
            f"Dataflow does not take the job: {last_line(str(refusal))[:300]}",
            "check that the project has the Dataflow API, and your account roles/dataflow.developer",
        ) from None


def _inputs(config: BuildConfig) -> Iterator[str]:
    """What workers read besides the work directory."""
    reads_tokenizer = False
    for name, source in config.sources.items():
        if isinstance(source, GitSource):
            raise CodemillError(
                f"source {name!r}: Dataflow's workers cannot read Git repositories, which lie on local disks",
                "check them out, copy that to gs:// and read it with kind: directory",
            )
        if not isinstance(source, BigQuerySource):
            yield from source.paths
        rules = load_rule_set(source.filters) if isinstance(source.filters, str) else source.filters
        reads_tokenizer |= any(rule.signal == "characters_per_token" for rule in rules)
    if config.decontaminate is not None:
        yield from config.decontaminate.problems
    # Otherwise only the launcher reads a given tokenizer, and copies it into the work directory.
    if reads_tokenizer:
        match config.tokenizer:
            case TokenizerJsonConfig(path=file):
                yield file.path
            case CodegenTokenizerConfig(vocabulary=vocabulary, merges=merges):
                yield from (file.path for file in (vocabulary, merges) if file is not None)


def _brings_code(setup: SetupOptions) -> bool:
    return bool(setup.setup_file or setup.extra_packages or setup.requirements_file or setup.files_to_stage)


def _upload_package(temporary: str) -> str:
    """Put this checkout's code where every job can take it from; returns its URI.

    Beam's --setup_file would make a package anew for each job, with whatever libraries are newest when a worker
    starts, and show the checkout's path in the job.
    """
    if not is_checkout():
        raise CodemillError(
            "Dataflow's workers need codemill's code, and this installation is no checkout to take it from",
            "make an image with deploy/dataflow/Dockerfile and name it with --sdk_container_image=IMAGE",
        )
    name, content = source_package()
    uri = join(temporary, f"codemill-{hashlib.sha256(content).hexdigest()[:16]}", name)
    write_atomic(uri, content)
    return uri


def _plain(text: str) -> str:
    """Text as labels and job names take it: lower case letters, digits and dashes, 63 of them at most."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:63].strip("-")
