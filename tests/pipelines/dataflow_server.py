"""A server on loopback that takes Dataflow jobs as Google's does, and really runs what was staged for them.

It speaks the part of the API that Beam's runner uses: create a job, ask for its state and messages, cancel it. A job's
graph is taken from storage and its packages are installed into a fresh directory; see `dataflow_worker`. What it does
not show: machines, their disks and rights, the shuffle service, autoscaling, what happens when a worker dies.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow import dataflow_runner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud.dataflow_v1beta3 import JobState

from storage.files import join, read_bytes
from storage.listing import list_files

WORKER = Path(__file__).with_name("dataflow_worker.py")


@dataclass
class Job:
    """A job as it was asked for, and what became of it."""

    id: str
    request: dict[str, Any]
    graph: bytes
    staged: list[str]
    """Names of the staged files."""
    state: str = "JOB_STATE_PENDING"
    messages: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def name(self) -> str:
        name: str = self.request["name"]
        return name

    @property
    def options(self) -> dict[str, Any]:
        """The pipeline options that came with it."""
        options: dict[str, Any] = self.request["environment"]["sdkPipelineOptions"]["options"]
        return options

    def pipeline(self) -> beam_runner_api_pb2.Pipeline:
        """Its graph."""
        graph = beam_runner_api_pb2.Pipeline()
        graph.ParseFromString(self.graph)
        return graph

    def to_json(self) -> dict[str, Any]:
        """What the API says about it."""
        return {
            "id": self.id,
            "projectId": "project",
            "name": self.name,
            "location": "us-central1",
            "currentState": self.state,
            "clientRequestId": self.request["clientRequestId"],
            "createTime": "2026-01-01T00:00:00Z",
        }


class DataflowServer(ThreadingHTTPServer):
    """Jobs in the order in which they came; `work` is where packages are installed."""

    daemon_threads = True

    def __init__(self, work: Path) -> None:
        super().__init__(("localhost", 0), _Handler)
        self.jobs: list[Job] = []
        self.running: list[threading.Thread] = []
        self.refusal = ""
        """What it says to whoever asks for a job, if anything, instead of taking it."""
        self._work = work
        self._lock = threading.Lock()

    @property
    def arguments(self) -> tuple[str, ...]:
        """Beam options that lead here."""
        return (
            "--runner=DataflowRunner",
            "--project=project",
            "--region=us-central1",
            f"--dataflow_endpoint=http://localhost:{self.server_address[1]}",
        )

    def create(self, request: dict[str, Any]) -> Job:
        """Take a job and start it."""
        options = request["environment"]["sdkPipelineOptions"]["options"]
        place = options["pipelineUrl"]
        staged = [relative for relative, _, _ in list_files(place.rpartition("/")[0])]
        with self._lock:
            job = Job(f"job-{len(self.jobs)}", request, read_bytes(place), staged)
            self.jobs.append(job)
        thread = threading.Thread(target=self._run, args=(job, place.rpartition("/")[0]), daemon=True)
        self.running.append(thread)
        thread.start()
        return job

    def cancel(self, job: Job) -> None:
        """As asked for with PUT."""
        job.state = "JOB_STATE_CANCELLED"
        if job.process is not None:
            job.process.kill()

    def _run(self, job: Job, staging: str) -> None:
        try:
            packages = self._install(job, staging)
            graph = self._work / f"{job.id}.pb"
            graph.write_bytes(job.graph)
            site = sysconfig.get_paths()["purelib"]
            command = [sys.executable, "-I", "-S", str(WORKER), str(packages), site, str(graph)]
            if job.state == "JOB_STATE_CANCELLED":
                return
            job.state = "JOB_STATE_RUNNING"
            job.process = subprocess.Popen(
                command, cwd=self._work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            _, said = job.process.communicate()
            failed = job.process.returncode != 0
        except (OSError, subprocess.CalledProcessError) as error:
            said, failed = str(getattr(error, "stderr", None) or error), True
        if job.state != "JOB_STATE_CANCELLED":
            job.messages += [said] if failed else []
            job.state = "JOB_STATE_FAILED" if failed else "JOB_STATE_DONE"

    def _install(self, job: Job, staging: str) -> Path:
        """The packages that a job stages, as its worker would install them; the same ones once for all jobs."""
        with self._lock:
            names = [name for name in job.staged if name.endswith((".tar.gz", ".whl"))]
            contents = {name: read_bytes(join(staging, name)) for name in names}
            target = self._work / f"packages-{hashlib.sha256(b''.join(contents.values())).hexdigest()[:16]}"
            if not target.exists():
                target.mkdir()
                for name, content in contents.items():
                    file = self._work / name
                    file.write_bytes(content)
                    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
                    command = [sys.executable, "-m", "pip", "install", *options, str(file)]
                    subprocess.run(command, check=True, capture_output=True, text=True)
            return target


class _Handler(BaseHTTPRequestHandler):
    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _job(self) -> Job:
        assert isinstance(self.server, DataflowServer)
        wanted = self.path.partition("?")[0].split("/jobs/")[1].split("/")[0]
        return next(job for job in self.server.jobs if job.id == wanted)

    def do_POST(self) -> None:
        assert isinstance(self.server, DataflowServer)
        body = self._body()
        if self.path == "/token":
            self._answer({"access_token": "x", "expires_in": 3600, "token_type": "Bearer"})
        elif self.server.refusal:
            self._answer({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": self.server.refusal}}, 403)
        else:
            assert self.path.partition("?")[0] == "/v1b3/projects/project/locations/us-central1/jobs", self.path
            self._answer(self.server.create(json.loads(body)).to_json())

    def do_GET(self) -> None:
        job = self._job()
        if self.path.partition("?")[0].endswith("/messages"):
            time_ = "2026-01-01T00:00:01Z"
            self._answer(
                {
                    "jobMessages": [
                        {"id": str(i), "time": time_, "messageText": text, "messageImportance": "JOB_MESSAGE_ERROR"}
                        for i, text in enumerate(job.messages)
                    ]
                }
            )
        else:
            self._answer(job.to_json())

    def do_PUT(self) -> None:
        assert isinstance(self.server, DataflowServer)
        assert json.loads(self._body())["requestedState"] == JobState.JOB_STATE_CANCELLED
        self.server.cancel(self._job())
        self._answer(self._job().to_json())

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def dataflow_server(work: Path) -> Iterator[DataflowServer]:
    """Run the server, with credentials that it gives tokens for; Beam's pauses between questions are shortened."""
    with DataflowServer(work) as server, pytest.MonkeyPatch.context() as patch:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "project_id": "project",
            "client_email": "launcher@project.iam.gserviceaccount.com",
            "private_key_id": "1",
            "private_key": key.decode(),
            "token_uri": f"http://localhost:{server.server_address[1]}/token",
        }
        credentials = work / "credentials.json"
        credentials.write_text(json.dumps(account))
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
        briefly = SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.1)))
        patch.setattr(dataflow_runner, "time", briefly)
        try:
            yield server
        finally:
            for job in server.jobs:
                server.cancel(job)
            server.shutdown()
            for running in (*server.running, thread):
                running.join()
