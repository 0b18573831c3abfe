"""Beam workers in an environment that holds the package built from setup.py, its dependencies and nothing else.

That is what workers on other machines have: whatever else a job needs, it does not find here.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0


def worker_environment(directory: Path) -> Path:
    """Make the environment anew and return its Python; takes about a minute.

    Raises:
        CalledProcessError: the package cannot be built or installed.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    place = str(directory.resolve())
    make = [sys.executable, "setup.py", "-q", "egg_info", "-e", place, "sdist", "-d", place]
    subprocess.run(make, cwd=CHECKOUT, check=True)
    (package,) = directory.glob("*.tar.gz")
    venv.create(directory / "venv", with_pip=True)
    python = directory / "venv" / "bin" / "python"
    constraints = CHECKOUT / "constraints.txt"
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", constraints, package], check=True)
    return python


@contextmanager
def worker_pool(python: Path) -> Iterator[list[str]]:
    """Run a pool that starts workers when it is asked to; yields the Beam options that name it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Beam starts each worker as `python`: the first one on the path must be this environment's.
    environment = os.environ | {"PATH": f"{python.parent.resolve()}{os.pathsep}{os.environ['PATH']}"}
    command = [python.resolve(), "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    pool = subprocess.Popen(
        [str(part) for part in command],
        cwd=python.parent,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(port, pool)
        yield ["--environment_type=EXTERNAL", f"--environment_config=127.0.0.1:{port}"]
    finally:
        pool.terminate()
        pool.wait()


def _await(port: int, pool: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and pool.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the pool of workers did not start")
