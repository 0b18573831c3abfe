"""`codemill build` in a process of its own that something is done to; and how it ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import IO, NamedTuple

from schemas.manifest import MANIFEST_NAME, Manifest, load_manifest
from storage.files import TEMPORARY_PREFIX, exists, join
from storage.listing import list_files

LIMIT_SECONDS = 600.0
"""A build of the small corpus takes half a minute on two idle cores; what takes longer than this hangs."""

ERROR_LINES = re.compile(r"codemill: (error: .+; .+|error: .+\ncodemill: remedy: .+|interrupted; .+)\n")


class Ending(Enum):
    """How a build ended."""

    PUBLISHED = "published"
    CLEAR_ERROR = "a clear error"
    KILLED = "killed"
    HANG = "hang"
    OTHER = "other"


class Ended(NamedTuple):
    """One build that has ended."""

    ending: Ending
    status: int
    said: str
    """What it wrote to standard error."""
    processes: int
    """Of its own that were still there two seconds later."""


class RunningBuild:
    """A build that runs, with two workers, in a session of its own."""

    def __init__(self, config: Path, output: str, log: Path, *options: str) -> None:
        command = [sys.executable, "-m", "codemill.cli", "build", str(config), "--output", output, "--workers", "2"]
        self._log: IO[bytes] = log.open("wb+")
        self.process = subprocess.Popen(
            [*command, *options], start_new_session=True, stdout=subprocess.DEVNULL, stderr=self._log
        )

    def processes(self) -> list[int]:
        """Its processes that are alive: all of its session."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_mine(pid)]

    def workers(self) -> list[int]:
        """Its worker processes: the children of the fork server, which look like it."""
        servers = {pid for pid in self.processes() if b"multiprocessing.forkserver" in _proc(pid, "cmdline")}
        return [pid for pid in servers if _parent(pid) in servers]

    def kill_a_worker(self, choose: Callable[[list[int]], int]) -> bool:
        """Kill one of the workers, the next that there are; False if the build ended without."""
        while self.process.poll() is None:
            if found := self.workers():
                kill(choose(sorted(found)))
                return True
            time.sleep(0.02)
        return False

    def kill_all(self) -> None:
        """Kill every process of the build."""
        for pid in self.processes():
            kill(pid)

    def end(self, limit: float = LIMIT_SECONDS) -> Ended:
        """Wait until it has ended; one that does not is killed."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        deadline = time.monotonic() + 2
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill_all()
        self.process.wait()
        with self._log as log:
            log.seek(0)
            said = log.read().decode(errors="replace")
        return Ended(_ending(status, said), self.process.returncode, said, len(left))

    def _is_mine(self, pid: int) -> bool:
        fields = _proc(pid, "stat").rpartition(b")")[2].split()
        return len(fields) > 3 and int(fields[3]) == self.process.pid and fields[0] != b"Z"


def _parent(pid: int) -> int | None:
    fields = _proc(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else None


def _ending(status: int | None, said: str) -> Ending:
    if status is None:
        return Ending.HANG
    if status == -signal.SIGKILL:
        return Ending.KILLED
    if status == 0 and not said:
        return Ending.PUBLISHED
    if status > 0 and ERROR_LINES.fullmatch(said):
        return Ending.CLEAR_ERROR
    return Ending.OTHER


def kill(pid: int) -> None:
    """Kill a process, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def digest_of(output: str) -> str:
    """The digest of the snapshot; nothing if there is none."""
    return load_manifest(output).digest if exists(join(output, MANIFEST_NAME)) else ""


def strays(output: str) -> list[str]:
    """Files in a snapshot that its manifest does not list."""
    manifest = load_manifest(output)
    known = {*manifest.files, *_shards(manifest), MANIFEST_NAME}
    if output.startswith("gs://"):
        return sorted({entry.relative for entry in list_files(output)} - known)
    # A listing passes unfinished files over.
    found = {str(path.relative_to(output)) for path in Path(output).rglob("*") if path.is_file()}
    assert all(TEMPORARY_PREFIX not in name for name in known)
    return sorted(found - known)


def _shards(manifest: Manifest) -> set[str]:
    return {s.name for stage in manifest.stages.values() for split in stage.splits.values() for s in split.shards}


def _proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it has ended
        return b""
