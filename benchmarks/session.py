"""Runs a command and looks at the processes of its session while it runs: CPU time and memory of all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from schemas.config import BuildConfig

LOOK_SECONDS = 0.02
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Session(NamedTuple):
    """What a command took."""

    seconds: float
    """By the clock."""
    cpu_seconds: float
    """Of all its processes; what one did after the last look at it is missing, a few hundredths of a second."""
    peak_bytes: int
    """Resident memory of its largest process at its largest, shared pages included."""


def run_session(command: Sequence[str]) -> Session:
    """Run a command to its end.

    Raises:
        CalledProcessError: it failed; what it printed is on standard error.
    """
    cpu: dict[int, int] = {}
    peak = 0
    begin = time.monotonic()
    running = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while running.poll() is None:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended since
            if int(fields[3]) == running.pid:
                cpu[int(pid)] = int(fields[11]) + int(fields[12])
                peak = max(peak, int(fields[21]) * _PAGE)
        time.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - begin
    assert running.stdout is not None
    with running.stdout as output:
        said = output.read()
    if running.returncode:
        sys.stderr.buffer.write(said)
        raise subprocess.CalledProcessError(running.returncode, command)
    return Session(seconds, sum(cpu.values()) / _TICK, peak)


def run_build(config: BuildConfig, work: Path, workers: int) -> Session:
    """Build from nothing, as users do, into `snapshot` in the directory `work`."""
    for name in ("snapshot", "snapshot.work"):
        shutil.rmtree(work / name, ignore_errors=True)
    path = work / "config.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    command = [sys.executable, "-m", "codemill.cli", "build", str(path), "-o", str(work / "snapshot")]
    return run_session([*command, "--workers", str(workers)])
