"""A Google Cloud Storage server on loopback, for tests of gs:// paths."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "bucket"
START_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def storage_emulator() -> Iterator[str]:
    """Run gcp-storage-emulator with one bucket; yields its `http://host:port`."""
    port = _free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--in-memory", "--default-bucket", BUCKET]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(server, f"{address}/storage/v1/b/{BUCKET}")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the storage emulator ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the storage emulator did not answer within {START_SECONDS} s")


@contextmanager
def emulator_environment() -> Iterator[str]:
    """Start the server and point gs:// at it in this process; yields the bucket's URI."""
    before = os.environ.get("STORAGE_EMULATOR_HOST")
    with storage_emulator() as address:
        os.environ["STORAGE_EMULATOR_HOST"] = address
        try:
            yield f"gs://{BUCKET}"
        finally:
            if before is None:
                del os.environ["STORAGE_EMULATOR_HOST"]
            else:
                os.environ["STORAGE_EMULATOR_HOST"] = before
