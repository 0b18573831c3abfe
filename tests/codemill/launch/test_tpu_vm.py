"""Launching on Cloud TPU, against a server on loopback that answers as its version 2 does."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud import tpu_v2
from typer.testing import CliRunner

import codemill.launch.tpu_vm
from codemill.cli import app
from codemill.launch.slice import TpuSlice, startup_script
from codemill.launch.tpu_vm import TpuVmLauncher, tpu_client
from schemas.errors import CodemillError
from schemas.yaml_file import load_model
from tests.trainer.plans import three_stage_plan

SLICE = {
    "name": "first",
    "project": "p",
    "zone": "us-west4-a",
    "accelerator_type": "v5litepod-16",
    "runtime_version": "v2-alpha-tpuv5-lite",
    "spot": True,
    "network": "net",
    "service_account": "trainer@p.iam.gserviceaccount.com",
    "package": "gs://bucket/codemill-0.1.0-py3-none-any.whl",
    "wait_hours": 2,
}
PARENT = "projects/p/locations/us-west4-a"


class CloudTpu(ThreadingHTTPServer):
    """Keeps what was asked, and answers with `answers` by HTTP method, each a status and a JSON object."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        assert isinstance(self.server, CloudTpu)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert "Authorization" not in self.headers
        self.server.asked.append((self.command, self.path, json.loads(body) if body else None))
        status, content = self.server.answers[self.command]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    do_POST = do_GET = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[CloudTpu]:
    with CloudTpu() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(three_stage_plan("gs://bucket/snapshot").model_dump(mode="json")))
    return str(path)


def launcher(server: CloudTpu, lines: list[str], **changes: Any) -> TpuVmLauncher:
    return TpuVmLauncher(TpuSlice.model_validate({**SLICE, **changes}), lines.append, tpu_client(server.url))


def test_a_launch_asks_for_a_slice_whose_hosts_train(server: CloudTpu, plan: str) -> None:
    server.answers["POST"] = 200, {"name": f"{PARENT}/operations/1", "done": False}
    lines: list[str] = []
    assert launcher(server, lines).launch(plan, "gs://bucket/run", wait=True) == 0
    ((_, path, body),) = server.asked
    assert path.startswith(f"/v2/{PARENT}/queuedResources?") and "queuedResourceId=first" in path
    (spec,) = body["tpu"]["nodeSpec"]
    assert (spec["parent"], spec["nodeId"]) == (PARENT, "first")
    node = spec["node"]
    assert node["acceleratorType"] == "v5litepod-16" and node["runtimeVersion"] == "v2-alpha-tpuv5-lite"
    assert node["networkConfig"] == {"network": "net", "enableExternalIps": True}
    assert node["serviceAccount"]["email"] == SLICE["service_account"]
    assert body["spot"] == {} and body["queueingPolicy"] == {"validUntilDuration": "7200s"}
    script = node["metadata"]["startup-script"]
    assert "codemill train /opt/codemill/plan.yaml --output gs://bucket/run --wait" in script
    assert Path(plan).read_text() in script and SLICE["package"] in script
    assert "--status" in lines[0]


def test_a_topology_and_a_reservation_may_be_asked_for(server: CloudTpu, plan: str) -> None:
    server.answers["POST"] = 200, {"name": f"{PARENT}/operations/1"}
    kind = {"type": "V5P", "topology": "2x2x4"}
    changes = {"accelerator_type": "", "accelerator": kind, "spot": False, "reservation": "ours"}
    launcher(server, [], **changes).launch(plan, "gs://bucket/run")
    ((_, _, body),) = server.asked
    config = body["tpu"]["nodeSpec"][0]["node"]["acceleratorConfig"]
    assert config["topology"] == "2x2x4" and config["type"] == tpu_v2.AcceleratorConfig.Type.V5P
    assert body["reservationName"] == "ours" and body["guaranteed"] == {}
    with pytest.raises(CodemillError, match=r"V9.*V5P"):
        launcher(server, [], **{**changes, "accelerator": {**kind, "type": "V9"}}).launch(plan, "gs://bucket/run")


def test_a_dry_run_prints_the_very_request_and_asks_nobody(server: CloudTpu, plan: str, tmp_path: Path) -> None:
    slice_file = tmp_path / "slice.yaml"
    slice_file.write_text(yaml.safe_dump(SLICE))
    where = ["--output", "gs://bucket/run", "--on", "tpu-vm", "--slice", str(slice_file)]
    result = CliRunner().invoke(app, ["launch", plan, *where, "--dry-run"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.output)
    assert (printed["parent"], printed["queuedResourceId"]) == (PARENT, "first")
    server.answers["POST"] = 200, {"name": f"{PARENT}/operations/1"}
    launcher(server, []).launch(plan, "gs://bucket/run")
    assert printed["queuedResource"] == server.asked[0][2]


def test_state_and_deletion(server: CloudTpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slice_file = tmp_path / "slice.yaml"
    slice_file.write_text(yaml.safe_dump(SLICE))
    monkeypatch.setattr(codemill.launch.tpu_vm, "tpu_client", lambda: tpu_client(server.url))
    failed = {"state": "FAILED", "failedData": {"error": {"code": 8, "message": "no capacity"}}}
    server.answers["GET"] = 200, {"name": f"{PARENT}/queuedResources/first", "state": failed}
    server.answers["DELETE"] = 200, {"name": f"{PARENT}/operations/2"}
    where = ["--on", "tpu-vm", "--slice", str(slice_file)]
    said = CliRunner().invoke(app, ["launch", *where, "--status"])
    assert said.output == "first: FAILED: no capacity\n"
    assert CliRunner().invoke(app, ["launch", *where, "--delete"]).exit_code == 0
    method, path, _ = server.asked[-1]
    assert method == "DELETE" and path.startswith(f"/v2/{PARENT}/queuedResources/first?") and "force=true" in path


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [(409, "ALREADY_EXISTS", "--status"), (403, "PERMISSION_DENIED", "tpu.admin"), (404, "NOT_FOUND", "zone")],
)
def test_a_refusal_is_one_line_with_a_remedy(server: CloudTpu, plan: str, status: int, reason: str, words: str) -> None:
    server.answers["POST"] = status, {"error": {"code": status, "status": reason, "message": "because"}}
    with pytest.raises(CodemillError, match=r"first: .*because") as caught:
        launcher(server, []).launch(plan, "gs://bucket/run")
    assert words in caught.value.remedy


def test_what_hosts_cannot_reach_is_refused(plan: str, tmp_path: Path) -> None:
    wanted = TpuSlice.model_validate(SLICE)
    with pytest.raises(CodemillError, match=r"runs/first: .*cannot reach"):
        startup_script(wanted, plan, "runs/first", wait=False)
    here = tmp_path / "here.yaml"
    here.write_text(yaml.safe_dump(three_stage_plan("snapshots/here").model_dump(mode="json")))
    with pytest.raises(CodemillError, match="snapshots/here"):
        startup_script(wanted, str(here), "gs://bucket/run", wait=False)


@pytest.mark.parametrize(
    "change",
    [{"accelerator": {"type": "V5P", "topology": "2x2"}}, {"reservation": "r"}, {"package": "codemill.whl"}],
)
def test_contradictions_in_a_slice_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"either|package"):
        TpuSlice.model_validate({**SLICE, **change})


def test_the_slice_in_the_documentation_is_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "running-on-tpu.md").read_text()
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    path = tmp_path / "slice.yaml"
    path.write_text(found[1])
    assert load_model(str(path), TpuSlice).spot
