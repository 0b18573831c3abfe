"""A job in worker processes of this machine: no process outlives its job, and no job outlives one of its processes.

Beam's local runner waits without end for the answer of a worker that was killed. So a job runs in a thread of its own,
which is left behind when a worker dies, when one reports an error, or on Ctrl-C. What a worker has done is in files by
the time it answers: it may be killed at any moment, and is when it is not needed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue

from pipelines.jobs.local.worker_process import WorkerProcess
from schemas.errors import CodemillError


class LocalJob:
    """The processes of one job, and how it ends."""

    def __init__(self) -> None:
        self._ends: SimpleQueue[BaseException | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._processes: dict[WorkerProcess, threading.Thread] = {}
        """Each with who waits for its end."""
        self.over = threading.Event()
        """Whether the job has ended, well or not."""

    def run(self, job: Callable[[], None]) -> None:
        """Run the job until it is done or something has failed.

        Raises:
            CodemillError: a worker process died or could not be started.
            BaseException: what the job raised, or what was given to `fail`.
        """
        threading.Thread(target=self._try, args=(job,), name="job", daemon=True).start()
        try:
            error = self._ends.get()
        finally:
            self._end()
        if error is not None:
            raise error

    def fail(self, error: Exception) -> None:
        """End the job with an error; the first one stands."""
        self._ends.put(error)

    def start(self, environment: dict[str, str]) -> WorkerProcess:
        """Start a worker process, whose end is the end of the job.

        Raises:
            CodemillError: it cannot be started.
        """
        with self._lock:
            if self.over.is_set():
                raise CodemillError("the job has ended")
            try:
                process = WorkerProcess(environment)
            except OSError as error:
                raise CodemillError(
                    f"cannot start a worker process: {error}", "run again, with fewer --workers"
                ) from None
            watcher = self._processes[process] = threading.Thread(target=self._watch, args=(process,), daemon=True)
            watcher.start()
        return process

    def dismiss(self, process: WorkerProcess) -> None:
        """End a process that has done its work."""
        with self._lock:
            watcher = self._processes.pop(process, None)
        process.kill()
        if watcher is not None:
            watcher.join()

    def _try(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            self._ends.put(error)
        else:
            self._ends.put(None)

    def _watch(self, process: WorkerProcess) -> None:
        status, output = process.wait()
        with self._lock:
            expected = process not in self._processes
        if not expected:
            self.fail(death(status, output))

    def _end(self) -> None:
        with self._lock:
            self.over.set()
            processes = list(self._processes)
        for process in processes:
            self.dismiss(process)


def death(status: int, output: str) -> CodemillError:
    """The error for a worker process that ended before its job did.

    Args:
        status: its exit status, or minus the signal that killed it.
        output: what it wrote before.
    """
    if status < 0:
        often = ", as Linux does when memory runs out" if status == -signal.SIGKILL else ""
        what = f"was killed (signal {-status}{often})"
    else:
        last = (output.strip().splitlines() or [""])[-1]
        what = f"ended with status {status}{last and ': '}{last[:200]}"
    return CodemillError(
        f"a worker process {what}", "run the same command again to go on, with fewer --workers if memory is short"
    )
