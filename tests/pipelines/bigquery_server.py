"""A BigQuery server on loopback: local-bigquery (DuckDB behind Google's API), in an environment of its own.

It needs Python 3.13 and other versions of numpy and pyarrow than Beam allows.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from apache_beam.internal.gcp import auth
from apache_beam.io.gcp import bigquery as beam_bigquery
from apache_beam.io.gcp.internal.clients.bigquery import bigquery_v2_client
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, bigquery_storage_v1
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

EXTENSIONS = ("icu", "ducklake", "avro", "httpfs", "fts", "spatial")
REQUIREMENTS = (
    "local-bigquery==0.3.2",
    "duckdb==1.5.5",
    "duckdb-extensions",
    *(f"duckdb-extension-{name}==1.5.5" for name in EXTENSIONS),
)
PYTHON = "3.13"
START_SECONDS = 60
_INSTALL = """
import duckdb, sys
from duckdb_extensions import import_extension
connection = duckdb.connect()
for name in sys.argv[1:]:
    import_extension(name, con=connection)
"""


def find_python() -> str | None:
    """A command that runs Python 3.13, if there is one; pyenv's needs to be told."""
    found = sys.executable if sys.version_info[:2] == (3, 13) else shutil.which(f"python{PYTHON}")
    if found is None:
        return None
    environment = os.environ | {"PYENV_VERSION": PYTHON}
    said = subprocess.run(
        [found, "-c", "import sys; print(sys.executable)"], env=environment, capture_output=True, text=True
    )
    return said.stdout.strip() if said.returncode == 0 else None


def install(root: Path) -> Path:
    """Make the emulator's environment in `root` if it is not there; returns the folder of its programs."""
    programs = root / "environment" / "bin"
    done = root / "done"
    wanted = "\n".join(REQUIREMENTS)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run in several processes
        if done.exists() and done.read_text() == wanted:
            return programs
        python = find_python()
        assert python is not None
        subprocess.run([python, "-m", "venv", "--clear", str(root / "environment")], check=True)
        subprocess.run([str(programs / "pip"), "install", "--quiet", *REQUIREMENTS], check=True)
        home = os.environ | {"HOME": str(root)}
        subprocess.run([str(programs / "python"), "-c", _INSTALL, *EXTENSIONS], env=home, check=True)
        done.write_text(wanted)
    return programs


@contextmanager
def bigquery_server(root: Path, data: Path, storage: str) -> Iterator[bigquery.Client]:
    """Run the emulator beside the storage server at `storage`, and point Google's clients and Beam's at it.

    Args:
        root: where its environment is kept.
        data: an empty folder.
        storage: `http://host:port`.

    Yields:
        A client of project "public".
    """
    port, grpc_port = _free_port(), _free_port()
    command = [str(install(root) / "local-bigquery"), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--grpc-port", str(grpc_port), "--data-dir", str(data)]
    environment = os.environ | {"HOME": str(root), "STORAGE_EMULATOR_HOST": storage}
    with (data.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(server, port)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{port}")
            # Beam's own clients take neither an address nor the absence of credentials.
            patch.setattr(bigquery_v2_client.BigqueryV2, "BASE_URL", f"http://127.0.0.1:{port}/bigquery/v2/")
            anonymous = auth._ApitoolsCredentialsAdapter(AnonymousCredentials())
            patch.setattr(auth, "get_service_credentials", lambda options: anonymous)
            patch.setattr(beam_bigquery, "bq_storage", _StorageModule(f"127.0.0.1:{grpc_port}"))
            client = bigquery.Client(project="public", credentials=AnonymousCredentials())
            yield client
            client.close()
    finally:
        server.terminate()
        server.wait(timeout=30)


class _StorageModule:
    """`google.cloud.bigquery_storage_v1` with its reader at another address."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __getattr__(self, name: str) -> Any:
        return self._reader if name == "BigQueryReadClient" else getattr(bigquery_storage_v1, name)

    @property
    def _reader(self) -> Callable[..., bigquery_storage_v1.BigQueryReadClient]:
        def make(*_: object, **__: object) -> bigquery_storage_v1.BigQueryReadClient:
            transport = BigQueryReadGrpcTransport(channel=grpc.insecure_channel(self._address))
            return bigquery_storage_v1.BigQueryReadClient(transport=transport)

        return make


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the BigQuery emulator ended with status {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the BigQuery emulator did not answer within {START_SECONDS} s")
