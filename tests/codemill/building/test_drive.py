"""The job that drives a build on Dataflow: as the Flex Template's launcher writes it, and as it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from codemill.building.drive import drive
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import load_config
from schemas.errors import CodemillError
from schemas.manifest import MANIFEST_NAME, load_manifest
from storage.files import delete, join, read_bytes, write_atomic
from storage.listing import list_files
from tests.corpus import write_corpus
from tests.pipelines.dataflow_server import DataflowServer, dataflow_server
from tests.pipelines.jobs.engines.test_dataflow import on_storage
from tests.storage.server import at_address, storage_server

DEPLOY = Path(__file__).parents[3] / "deploy" / "dataflow"

pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with storage_server() as address, at_address(address) as uri:
        yield uri


@pytest.fixture(scope="module")
def server(bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataflowServer]:
    with dataflow_server(tmp_path_factory.mktemp("dataflow")) as running:
        yield running


@pytest.fixture(scope="module")
def config(bucket: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A build config on gs://, of a corpus there."""
    local = tmp_path_factory.mktemp("corpus")
    there = on_storage(write_corpus(local, documents=10), local, join(bucket, "in"))
    write_atomic(join(bucket, "build.yaml"), yaml.safe_dump(there.model_dump(mode="json")).encode())
    return join(bucket, "build.yaml")


def arguments(server: DataflowServer, bucket: str, config: str, output: str) -> list[str]:
    options = (*server.arguments[1:], f"--temp_location={bucket}/tmp", "--job_name=nightly", "--max_num_workers=7")
    return [f"--config={config}", f"--output={output}", "--worker_machine_type=n2-standard-4", *options]


def test_the_launcher_gets_a_template_that_the_service_can_start(
    server: DataflowServer, bucket: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = join(bucket, "launches", "job_object")
    before = len(server.jobs)
    drive([*arguments(server, bucket, config, join(bucket, "none")), f"--template_location={place}"])
    job = json.loads(read_bytes(place))
    assert (job["name"], job["labels"]["pass"], job["labels"]["build"]) == ("nightly", "drive", "small")
    (pool,) = job["environment"]["workerPools"]
    assert (pool["machineType"], pool["autoscalingSettings"]["maxNumWorkers"]) == ("e2-highmem-4", 1)
    assert len(server.jobs) == before and not capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.engine
def test_the_driving_job_goes_on_with_a_build_by_further_jobs(
    server: DataflowServer, bucket: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = join(bucket, "driven")
    whole = build(load_config(config), output, Runner(1, Silence()))
    # As if its driver had been lost before the last pass.
    delete(join(output, MANIFEST_NAME))
    for relative, _, _ in list_files(f"{output}.work"):
        if relative.startswith("publish-"):
            delete(join(f"{output}.work", relative))
    drive(arguments(server, bucket, config, output))
    driving = server.jobs[-1]
    assert f"dataflow/jobs/us-central1/{driving.id}?project=project" in capsys.readouterr().out
    deadline = time.monotonic() + 200
    while driving.state in ("JOB_STATE_PENDING", "JOB_STATE_RUNNING") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert driving.state == "JOB_STATE_DONE", driving.messages
    passes = server.jobs[server.jobs.index(driving) + 1 :]
    assert [job.name.split("-")[:2] for job in passes] == [["nightly", "publish"], ["nightly", "index"]]
    for job in passes:
        (pool,) = job.request["environment"]["workerPools"]
        assert (pool["machineType"], pool["autoscalingSettings"]["maxNumWorkers"]) == ("n2-standard-4", 7)
    assert load_manifest(output).digest == whole.digest


def test_a_local_config_is_refused(server: DataflowServer, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"build\.yaml: Dataflow's workers cannot reach it"):
        drive(arguments(server, bucket, str(tmp_path / "build.yaml"), join(bucket, "none")))


def test_what_would_be_refused_later_is_refused_at_once(server: DataflowServer, bucket: str, config: str) -> None:
    with pytest.raises(CodemillError, match="snapshots/here: Dataflow's workers cannot reach it"):
        drive(arguments(server, bucket, config, "snapshots/here"))


def test_the_template_describes_the_arguments_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        drive(["--help"])
    known = capsys.readouterr().out
    described = {parameter["name"] for parameter in json.loads((DEPLOY / "metadata.json").read_text())["parameters"]}
    assert described - {"sdk_container_image"} == {name for name in described if f"--{name} " in known}
    assert {"config", "output", "work", "against", "driver_machine_type"} <= described
