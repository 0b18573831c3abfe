"""Several processes of this machine as one run: for tests, and to see on a desk what many hosts will do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO

LAST_WORDS_SECONDS = 10.0
"""How long the others may still say why they fail too, once one has failed."""
GRACE_SECONDS = 300.0
"""How long a run that was asked to stop may take to save, and how long the others may run on once one has finished."""
POLL_SECONDS = 0.05


class LocalLauncher:
    """Starts processes on CPU that find each other on the loopback address.

    Args:
        processes: how many.
        devices: of each process; the mesh spans `processes` x `devices`.
        report: takes each line that a process prints, its number before it.
        program: what is started, with the arguments of `codemill train`.
    """

    def __init__(
        self,
        processes: int,
        devices: int = 1,
        report: Callable[[str], None] = print,
        program: Sequence[str] = (sys.executable, "-m", "codemill.launch.child"),
    ) -> None:
        self._program = program
        self._processes = processes
        self._devices = devices
        self._report = report
        self._asked = 0

    def launch(self, plan: str, run: str, *, wait: bool = False) -> int:
        """Run until all processes have ended; arguments as in `Launcher.launch`.

        SIGTERM and Ctrl-C are passed on, so that the run saves and ends well; a second one ends it at once. When one
        process fails, the others are ended. No process outlives this one, even if it is killed.

        Returns:
            0, or the status of the process that failed first; 128 + the number of the signal that ended it.
        """
        coordinator = f"127.0.0.1:{_free_port()}"
        with self._signals_counted():
            children = [self._start(plan, run, wait, coordinator, index) for index in range(self._processes)]
            readers = [
                threading.Thread(target=self._forward, args=(index, child.stdout), name=f"output {index}")
                for index, child in enumerate(children)
            ]
            try:
                for reader in readers:
                    reader.start()
                return self._watch(children)
            finally:
                for child in children:
                    child.kill()
                    child.wait()
                    assert child.stdin is not None
                    child.stdin.close()
                for reader in readers:
                    reader.join()

    def _start(self, plan: str, run: str, wait: bool, coordinator: str, index: int) -> subprocess.Popen[bytes]:
        command = [*self._program, "train", plan, "--output", run]
        command += ["--processes", str(self._processes), "--process-index", str(index), "--coordinator", coordinator]
        devices = {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(self._devices)}
        return subprocess.Popen(
            [*command, *(["--wait"] if wait else [])],
            env={**os.environ, **devices, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which passes it on
        )

    def _forward(self, index: int, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._report(f"[{index}] {line.decode(errors='replace').rstrip()}")

    def _watch(self, children: list[subprocess.Popen[bytes]]) -> int:
        """Wait for all; returns the status of the launch."""
        passed_on, status, deadline = 0, 0, float("inf")
        while None in [child.poll() for child in children] and time.monotonic() < deadline:
            if self._asked > passed_on:
                if passed_on:
                    break
                passed_on = self._asked
                for child in children:
                    child.terminate()
                deadline = min(deadline, time.monotonic() + GRACE_SECONDS)
            ended = [child.returncode for child in children if child.returncode is not None]
            if not status and any(ended):
                status = next(code for code in ended if code)
                deadline = min(deadline, time.monotonic() + LAST_WORDS_SECONDS)
            elif ended and deadline == float("inf"):
                deadline = time.monotonic() + GRACE_SECONDS
            time.sleep(POLL_SECONDS)
        if not status:
            late = [index for index, child in enumerate(children) if child.poll() is None]
            if late:
                self._report(f"process {', '.join(map(str, late))} did not end and is killed")
            status = next((child.returncode for child in children if child.returncode), 1 if late else 0)
        return status if status >= 0 else 128 - status

    @contextmanager
    def _signals_counted(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def count(number: int, frame: FrameType | None) -> None:
            self._asked += 1

        before = {number: signal.signal(number, count) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
