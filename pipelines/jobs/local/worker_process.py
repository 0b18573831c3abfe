"""A worker process of this machine, forked from one that has imported what workers need.

Forking takes a hundredth of a second where a new Python takes two, and a build has eight jobs. The driver itself cannot
be forked, as it has threads: `multiprocessing` keeps a fork server beside it.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing import reduction
from typing import Any

from pipelines.build_lock import held_locks
from pipelines.jobs.local import worker_main

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([worker_main.__name__, "pipelines.build"])


class WorkerProcess:
    """One process; it runs from the beginning, and ends with the driver at the latest."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start it with these variables.

        Raises:
            OSError: it cannot be started.
        """
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process)
        # Locks go with it, so that no build begins while a worker of a killed one is still there.
        kept = _Descriptors([self._output.fileno(), *held_locks()])
        self._process = _context.Process(target=_run, args=(environment, kept), daemon=True)
        self._process.start()

    def wait(self) -> tuple[int, str]:
        """Wait for its end; returns its exit status, or minus the signal that killed it, and what it printed."""
        with self._output as output:
            self._process.join()
            output.seek(0)
            status = self._process.exitcode
            assert status is not None
            return status, output.read().decode(errors="replace")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


class _Descriptors(list[int]):
    """Open files; pickled for a process that is being started, they are open there, under other numbers."""

    def __reduce__(self) -> tuple[Callable[[list[Any]], list[int]], tuple[list[Any]]]:
        return _received, ([reduction.DupFd(number) for number in self],)


def _received(duplicates: Sequence[Any]) -> list[int]:
    return [duplicate.detach() for duplicate in duplicates]


def _run(environment: dict[str, str], kept: list[int]) -> None:
    worker_main.main(environment, output=kept[0])
