"""Programs run where they can do no harm: one, or many of them several at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from evaluation.sandbox.limits import DEFAULT_LIMITS, Limits
from evaluation.sandbox.result import Result
from evaluation.sandbox.strength import require_strength
from evaluation.sandbox.worker import Worker

_AHEAD = 64
"""Results per worker that may wait for an earlier one, so that a program that uses up its time does not hold up all."""


class Sandbox:
    """Keepers that run programs side by side; a context manager, whose methods any thread may call.

    Args:
        workers: programs at a time; by default as many as there are cores.
        limits: of each program.

    Raises:
        CodemillError: where this machine lacks what keeps programs in; later, when a keeper was killed from outside.
    """

    def __init__(self, workers: int | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        require_strength()
        self._count = workers or os.cpu_count() or 1
        self._limits = limits
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="sandbox")
        self._free: SimpleQueue[Worker | None] = SimpleQueue()
        for _ in range(self._count):
            self._free.put(None)  # to be started by whoever needs it first
        self._running: set[Worker] = set()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for running in list(self._running):
            running.kill()
        for _ in range(self._count):
            if worker := self._free.get():
                worker.close()
        self._pool.shutdown()

    def run(self, source: str, stdin: bytes = b"") -> Result:
        """Run one program, when a worker is free."""
        if self._closed:
            raise RuntimeError("the sandbox is closed")
        worker = self._free.get()
        try:
            worker = worker or Worker()
            self._running.add(worker)
            try:
                return worker.run(source, stdin, self._limits)
            finally:
                self._running.discard(worker)
        except BaseException:
            if worker:
                worker.close()
            worker = None
            raise
        finally:
            self._free.put(worker)

    def run_many(self, programs: Iterable[str]) -> Iterator[Result]:
        """Run programs as workers become free; the results come in the order of the programs, each when it is there."""
        waiting: deque[Future[Result]] = deque()
        try:
            for program in programs:
                waiting.append(self._pool.submit(self.run, program))
                if len(waiting) >= _AHEAD * self._count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def run_program(source: str, limits: Limits = DEFAULT_LIMITS, stdin: bytes = b"") -> Result:
    """Run one program in a sandbox of its own. For more than a few, a Sandbox saves the time to set it up."""
    require_strength()
    worker = Worker()
    try:
        return worker.run(source, stdin, limits)
    finally:
        worker.close()
