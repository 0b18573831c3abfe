"""Builds on Dataflow, against a server on loopback that runs the jobs."""

from __future__ import annotations

import base64
import bz2
import gc
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam
import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow import dataflow_runner
from google.cloud.dataflow_v1beta3 import WorkerIPAddressConfiguration

import pipelines.jobs.engines.dataflow
from pipelines.build import build
from pipelines.code_version import versions
from pipelines.jobs import tasks
from pipelines.jobs.engines.dataflow import build_arguments, job_arguments, on_dataflow
from pipelines.jobs.engines.worker_package import ROOT
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from storage.files import join, write_atomic
from tests.corpus import write_corpus
from tests.pipelines.dataflow_server import DataflowServer, Job, dataflow_server
from tests.pipelines.test_build_on_gs import hashes
from tests.storage.server import at_address, storage_server

PASSES = ["harvest", "compare", "deduplicate", "sample", "tokenise", "shard", "publish", "index"]
MACHINES = (
    "--worker_machine_type=n2-standard-4",
    "--disk_size_gb=50",
    "--max_num_workers=20",
    "--subnetwork=regions/us-central1/subnetworks/inner",
    "--no_use_public_ips",
    "--service_account_email=worker@project.iam.gserviceaccount.com",
)
CLOUD = ("--runner=DataflowRunner", "--project=project", "--region=us-central1", "--temp_location=gs://bucket/tmp")
IMAGE = "--sdk_container_image=docker/image:1"

pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with storage_server() as address, at_address(address) as uri:
        yield uri
    gc.collect()


@pytest.fixture(scope="module")
def server(bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataflowServer]:
    with dataflow_server(tmp_path_factory.mktemp("dataflow")) as running:
        yield running


@pytest.fixture
def corpus(tmp_path: Path) -> BuildConfig:
    return write_corpus(tmp_path / "corpus", documents=30)


def on_storage(config: BuildConfig, local: Path, remote: str) -> BuildConfig:
    """Copy a corpus to gs://, and name it there."""
    for path in local.rglob("*"):
        if path.is_file():
            write_atomic(join(remote, str(path.relative_to(local))), path.read_bytes())
    return BuildConfig.model_validate_json(config.model_dump_json().replace(str(local), remote))


def unpacked(graph: beam_runner_api_pb2.Pipeline) -> bytes:
    """All that is pickled into a graph, unpacked."""
    functions = []
    for transform in graph.components.transforms.values():
        if transform.spec.urn == "beam:transform:pardo:v1":
            pardo = beam_runner_api_pb2.ParDoPayload()
            pardo.ParseFromString(transform.spec.payload)
            functions.append(bz2.decompress(base64.b64decode(pardo.do_fn.payload)))
    return b"".join(functions)


def check_request(job: Job, temporary: str) -> None:
    """A job asks for what the user said, and names nothing of the machine it was asked from."""
    assert re.fullmatch(PipelineOptionsValidator.JOB_PATTERN, job.name) and len(job.name) <= 63
    assert job.request["labels"] == {"codemill": "0-1-0", "build": "small", "pass": job.name.split("-")[2]}
    (pool,) = job.request["environment"]["workerPools"]
    assert (pool["machineType"], pool["diskSizeGb"]) == ("n2-standard-4", 50)
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 20
    assert (
        pool["subnetwork"].endswith("/inner")
        and pool["ipConfiguration"] == WorkerIPAddressConfiguration.WORKER_IP_PRIVATE
    )
    assert job.request["environment"]["serviceAccountEmail"].startswith("worker@")
    assert job.options["pipelineUrl"].startswith(temporary)
    assert job.staged == ["codemill-0.1.0.tar.gz", "extra_packages.txt", "pipeline.pb"]
    # Beam pickles small functions of its own with the names of their files, for tracebacks.
    pickled = unpacked(job.pipeline()).replace(str(Path(apache_beam.__file__).parent).encode(), b"")
    assert b"pipelines." in pickled
    for content in (json.dumps(job.request).encode(), job.graph, pickled):
        for place in (ROOT, Path.home()):
            assert str(place).encode() not in content
    assert len(job.graph) < 100_000


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(600)
def test_a_build_on_dataflow_has_the_bytes_of_a_local_one(
    corpus: BuildConfig, bucket: str, server: DataflowServer, tmp_path: Path
) -> None:
    build(corpus, str(tmp_path / "snapshot"), Runner(1, Silence()))
    config = on_storage(corpus, tmp_path / "corpus", join(bucket, "in"))
    remote, temporary = join(bucket, "snapshot"), join(bucket, "tmp")
    runner = Runner(1, Silence(), (*server.arguments, f"--temp_location={temporary}", *MACHINES))
    before = len(server.jobs)
    build(config, remote, runner)
    theirs, ours = hashes(str(tmp_path / "snapshot")), hashes(remote)
    assert theirs.pop("manifest.json") != ours.pop("manifest.json")  # it says where the input lies
    assert ours == theirs
    jobs = server.jobs[before:]
    assert [job.name.split("-")[2] for job in jobs] == PASSES
    assert len({job.name for job in jobs}) == len(jobs)
    for job in jobs:
        check_request(job, temporary)
    # What a job is about is in files, or else the graph would grow with the corpus.
    blocks = [name.removesuffix(".parquet") for name in hashes(f"{remote}.work") if "/blocks/" in name]
    assert blocks
    for job in jobs:
        content = job.graph + unpacked(job.pipeline())
        assert not [name for name in blocks if name.rpartition("/")[2].encode() in content]
    build(config, remote, runner)
    assert len(server.jobs) == before + len(PASSES)


@pytest.mark.slow
@pytest.mark.engine
def test_a_failed_job_is_one_line_with_its_place_in_the_console(
    corpus: BuildConfig, bucket: str, server: DataflowServer, tmp_path: Path
) -> None:
    config = on_storage(corpus, tmp_path / "corpus", join(bucket, "again"))
    # An image is named, so no code is staged; this server has no images, so its worker has no code.
    arguments = (*server.arguments, f"--temp_location={bucket}/tmp", IMAGE)
    with pytest.raises(CodemillError, match=r"Dataflow job job-\d+: .*No module named") as caught:
        build(config, join(bucket, "failed"), Runner(1, Silence(), arguments))
    job = server.jobs[-1]
    assert f"dataflow/jobs/us-central1/{job.id}?project=project" in caught.value.remedy
    (pool,) = job.request["environment"]["workerPools"]
    assert pool["workerHarnessContainerImage"] == "docker/image:1"
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.engine
def test_what_a_worker_says_is_told_with_its_job(
    corpus: BuildConfig, bucket: str, server: DataflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = on_storage(corpus, tmp_path / "corpus", join(bucket, "older"))
    here = {**versions(), "pyarrow": "1.2.3"}
    monkeypatch.setattr(tasks, "versions", lambda: here)
    arguments = (*server.arguments, f"--temp_location={bucket}/tmp")
    with pytest.raises(
        CodemillError, match=r"^Dataflow job job-\d+: pyarrow is .* on this worker and 1\.2\.3"
    ) as caught:
        build(config, join(bucket, "failed"), Runner(1, Silence(), arguments))
    assert f"jobs/us-central1/{server.jobs[-1].id}" in caught.value.message
    assert "constraints.txt" in caught.value.remedy


def test_a_refused_job_is_one_line(
    corpus: BuildConfig, bucket: str, server: DataflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = on_storage(corpus, tmp_path / "corpus", join(bucket, "refused"))
    monkeypatch.setattr(server, "refusal", "Dataflow API has not been used in project 1 before")
    with pytest.raises(CodemillError, match=r"does not take the job: .*has not been used in project 1") as caught:
        build(
            config,
            join(bucket, "none"),
            Runner(1, Silence(), (*server.arguments, "--temp_location=gs://bucket/t", IMAGE)),
        )
    assert "roles/dataflow.developer" in caught.value.remedy


def test_ctrl_c_cancels_the_job(
    corpus: BuildConfig, bucket: str, server: DataflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = on_storage(corpus, tmp_path / "corpus", join(bucket, "interrupted"))

    def sleep(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        time.sleep(0.05)

    monkeypatch.setattr(dataflow_runner, "time", SimpleNamespace(time=time.time, sleep=sleep))
    with pytest.raises(KeyboardInterrupt):
        build(config, join(bucket, "none"), Runner(1, Silence(), (*server.arguments, f"--temp_location={bucket}/tmp")))
    assert server.jobs[-1].state == "JOB_STATE_CANCELLED"


def test_an_image_brings_the_code_and_so_does_what_the_user_names() -> None:
    config = remote_config()
    for option in (IMAGE, "--setup_file=./setup.py", "--extra_package=gs://b/p.tar.gz", "--requirements_file=r.txt"):
        added = build_arguments(config, [], (*CLOUD, option))[len(CLOUD) + 1 :]
        assert not [argument for argument in added if argument.startswith("--extra_package")]
        assert ("--sdk_location=container" in added) == (option == IMAGE)


def test_an_installation_without_a_checkout_needs_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines.jobs.engines.dataflow, "is_checkout", lambda: False)
    with pytest.raises(CodemillError, match="no checkout") as caught:
        build_arguments(remote_config(), [], CLOUD)
    assert "--sdk_container_image" in caught.value.remedy


@pytest.mark.parametrize("missing", ["project", "region", "temp_location"])
def test_a_missing_option_is_told_before_anything_is_read(missing: str, tmp_path: Path) -> None:
    arguments = tuple(argument for argument in CLOUD if not argument.startswith(f"--{missing}"))
    with pytest.raises(CodemillError, match=f"needs --{missing}"):
        build(remote_config(), "gs://bucket/none", Runner(1, Silence(), arguments))


def remote_config(**changes: Any) -> BuildConfig:
    source = {"kind": "directory", "paths": ["gs://bucket/in"], "languages": ["python"]}
    stages = {"mono": {"sources": ["code"]}}
    return BuildConfig.model_validate({"name": "B.x_1", "sources": {"code": source}, "stages": stages, **changes})


def source(**changes: Any) -> dict[str, Any]:
    return {"code": {"kind": "directory", "paths": ["gs://bucket/in"], "languages": ["python"], **changes}}


TOKENS = [{"name": "tokens", "signal": "characters_per_token", "at_least": 1}]
LOCAL = "data/here"


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, [LOCAL]),
        ({"sources": source(paths=["gs://bucket/in", LOCAL])}, []),
        ({"decontaminate": {"problems": [LOCAL]}}, []),
        ({"sources": source(filters=TOKENS), "tokenizer": {"kind": "tokenizer_json", "path": LOCAL}}, []),
        (
            {
                "sources": source(filters=TOKENS),
                "tokenizer": {"kind": "codegen", "vocabulary": "gs://bucket/vocab.json", "merges": LOCAL},
            },
            [],
        ),
    ],
)
def test_what_workers_cannot_reach_is_refused(changes: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(CodemillError, match=f"{LOCAL}: Dataflow's workers cannot reach it") as caught:
        build_arguments(remote_config(**changes), places, (*CLOUD, IMAGE))
    assert "gs://" in caught.value.remedy


def test_a_tokenizer_that_only_the_launcher_reads_may_lie_here() -> None:
    build_arguments(remote_config(tokenizer={"kind": "tokenizer_json", "path": LOCAL}), [], (*CLOUD, IMAGE))


def test_git_repositories_are_refused() -> None:
    with pytest.raises(CodemillError, match=r"'code': .*Git") as caught:
        build_arguments(remote_config(sources=source(kind="git")), [], (*CLOUD, IMAGE))
    assert "kind: directory" in caught.value.remedy


def test_other_runners_are_left_alone() -> None:
    assert on_dataflow(CLOUD) and on_dataflow(["--runner", "dataflow"])
    for arguments in ((), ("--runner=FlinkRunner",), ("--runner=apache_beam.runners.portability.PortableRunner",)):
        assert not on_dataflow(arguments)
        options = Runner(1, Silence(), arguments).options("harvest")
        assert options.view_as(GoogleCloudOptions).job_name is None


@pytest.mark.parametrize("given", [(), ("--job_name=mine",), ("--job_name=9.Very_long" + "g" * 80,)])
@pytest.mark.parametrize("name", [*PASSES, "fetch My source.2", "round 17"])
def test_job_names_are_valid_and_never_the_same(given: tuple[str, ...], name: str) -> None:
    arguments = build_arguments(remote_config(), [], (*CLOUD, IMAGE, *given))
    if not given:
        assert "--job_name=codemill-b-x-1" in arguments
    names = set()
    for _ in range(2):
        job = PipelineOptions([*arguments, *job_arguments(arguments, name)]).view_as(GoogleCloudOptions)
        assert re.fullmatch(PipelineOptionsValidator.JOB_PATTERN, job.job_name) and len(job.job_name) <= 63
        assert all(re.fullmatch(r"[a-z]+=[a-z0-9-]{1,63}", label) for label in job.labels)
        names.add(job.job_name)
    assert len(names) == 2
    assert all(found.startswith("mine-" if given == ("--job_name=mine",) else "") for found in names)


def test_arguments_that_are_there_are_not_added_again() -> None:
    once = build_arguments(remote_config(), [], (*CLOUD, IMAGE))
    assert build_arguments(remote_config(), [], once) == once
