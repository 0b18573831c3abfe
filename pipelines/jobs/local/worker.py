"""A worker process as Beam's local runner sees it, in place of Beam's own, whose process nobody watches."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import grpc
from apache_beam.portability import python_urns
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    ControlConnection,
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.worker.data_plane import _GrpcDataChannel
from google.protobuf import json_format, text_format

from pipelines.jobs.local.job import LocalJob
from pipelines.jobs.local.worker_process import WorkerProcess

_one_job = threading.Lock()
"""Beam knows the maker of workers by a name of the whole process, so jobs in one process take turns."""


def run_in_workers(job: Callable[[], None]) -> None:
    """Run a Beam job in mode `multi_processing`; the errors are those of `LocalJob.run`."""
    with _one_job:
        local = LocalJob()
        WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)(partial(LocalWorker, local))
        local.run(job)


class LocalWorker(GrpcWorkerHandler):
    """One worker process of a job."""

    def __init__(self, job: LocalJob, command: bytes, state: Any, provision_info: Any, server: Any) -> None:
        super().__init__(state, provision_info, server)
        self._job = job
        self._process: WorkerProcess | None = None
        # Beam makes a connection when it is first asked for: these come first.
        self.control_conn = server.control_handler._connections_by_worker_id[self.worker_id] = _Answers(job)
        self.data_conn = server.data_plane_handler._connections_by_worker_id[self.worker_id, ""] = _Data(self.lost)

    def start_worker(self) -> None:
        """Start the process."""
        control = text_format.MessageToString(self.control_api_service_descriptor())
        options = json_format.MessageToJson(self.provision_info.provision_info.pipeline_options)
        self._process = self._job.start(
            {
                **os.environ,
                "CONTROL_API_SERVICE_DESCRIPTOR": control,
                "PIPELINE_OPTIONS": options,
                "WORKER_ID": self.worker_id,
            }
        )

    def host_from_worker(self) -> str:
        """The address of this machine to itself; to look up a name could take seconds."""
        return "127.0.0.1"

    def lost(self) -> None:
        """The connection is broken: its process is gone, or goes now. Returns when the job has ended by that."""
        if self._process is not None:
            self._process.kill()
        self._job.over.wait()

    def close(self) -> None:
        """End the process: it has answered all requests, and its own way out takes seconds."""
        self.data_conn.close()
        if self._process is not None:
            self._job.dismiss(self._process)
        self.control_conn.close()


class _Answers(ControlConnection):
    """Requests and answers; an error ends the job at once, where Beam would first wait for the other workers."""

    def __init__(self, job: LocalJob) -> None:
        super().__init__()
        self._job = job

    def _read(self) -> None:
        assert self._input is not None
        with suppress(grpc.RpcError):  # as below
            for answer in self._input:
                if answer.error:
                    self._job.fail(RuntimeError(answer.error))
                self._futures_by_id.pop(answer.instruction_id).set(answer)


class _Data(_GrpcDataChannel):
    """Elements to and from a worker; a connection that breaks is for whoever watches the process, not for Beam."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__()
        self._lost = lost

    def _read_inputs(self, elements_iterator: Iterable[Any]) -> None:
        super()._read_inputs(self._until_broken(elements_iterator))

    def _until_broken(self, elements: Iterable[Any]) -> Iterator[Any]:
        try:
            yield from elements
        except grpc.RpcError:
            self._lost()
