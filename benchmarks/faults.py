"""What `measure_faults` does to a build: each fault breaks one build at a moment and says how that ended."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.pipelines.broken_builds import Ended, RunningBuild
from tests.storage.faults import Fault as Trouble
from tests.storage.faults import FaultProxy


@dataclass(frozen=True)
class Attempt:
    """One build to be broken."""

    config: Path
    other_config: Path
    """Of a corpus that differs."""
    output: str
    log: Path
    moment: float
    """Seconds after the start."""
    draw: random.Random
    disk_bytes: int
    """What an undisturbed build takes on disk."""
    proxy: FaultProxy | None
    """In front of the storage, if the output is there."""
    cleaning: ExitStack
    """What is to be done when the attempt has ended, whatever happened."""

    def start(self, name: str = "first", config: Path | None = None) -> RunningBuild:
        """Start a build."""
        running = RunningBuild(config or self.config, self.output, self.log / f"{name}.log")
        self.cleaning.callback(running.kill_all)
        return running


Break = Callable[[Attempt], list[Ended]]


def kill_worker(attempt: Attempt) -> list[Ended]:
    """One worker process is killed, as when memory runs out."""
    running = attempt.start()
    time.sleep(attempt.moment)
    running.kill_a_worker(attempt.draw.choice)
    return [running.end()]


def kill_all(attempt: Attempt) -> list[Ended]:
    """Every process of the build is killed, as when the machine goes down."""
    running = attempt.start()
    time.sleep(attempt.moment)
    running.kill_all()
    return [running.end()]


def send(number: signal.Signals) -> Break:
    """The driver alone gets a signal."""

    def break_(attempt: Attempt) -> list[Ended]:
        running = attempt.start()
        time.sleep(attempt.moment)
        if running.process.poll() is None:
            running.process.send_signal(number)
        return [running.end()]

    return break_


def fill_disk(attempt: Attempt) -> list[Ended]:
    """The disk of output and work directory is too small by a random amount; afterwards it is not."""
    disk = Path(attempt.output).parent
    size = int(attempt.disk_bytes * attempt.draw.uniform(0.05, 0.9))
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)
    ended = attempt.start().end()
    subprocess.run(["mount", "-o", f"remount,size={1 << 30}", str(disk)], check=True)
    return [ended]


def cut_storage(attempt: Attempt) -> list[Ended]:
    """The storage cannot be reached for ten seconds."""
    assert attempt.proxy is not None
    running = attempt.start()
    time.sleep(attempt.moment)
    attempt.proxy.cut_off(10)
    return [running.end()]


def refuse_requests(attempt: Attempt) -> list[Ended]:
    """The storage answers every fifth request with 503."""
    assert attempt.proxy is not None
    attempt.proxy.break_every(5, Trouble.UNAVAILABLE)
    ended = attempt.start().end()
    attempt.proxy.pass_all()
    return [ended]


def build_twice(attempt: Attempt) -> list[Ended]:
    """A second build of the same into the same output starts while the first is at work."""
    return _both(attempt, attempt.config)


def build_another(attempt: Attempt) -> list[Ended]:
    """A build of another config into the same output starts while the first is at work."""
    return _both(attempt, attempt.other_config)


def _both(attempt: Attempt, second: Path) -> list[Ended]:
    running = attempt.start()
    time.sleep(attempt.moment)
    if running.process.poll() is not None:
        return [running.end()]
    other = attempt.start("second", second)
    return [running.end(), other.end()]


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """A disk of its own, in memory, at a directory; only root may do that."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(directory)], check=True)
    try:
        yield
    finally:
        # Lazily: a build that was killed this moment may not have let go yet.
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


LOCAL: dict[str, Break] = {
    "a worker killed": kill_worker,
    "the driver killed": send(signal.SIGKILL),
    "all processes killed": kill_all,
    "Ctrl-C (SIGINT)": send(signal.SIGINT),
    "SIGTERM": send(signal.SIGTERM),
    "the same build twice at once": build_twice,
    "two configs, one output": build_another,
}
DISK: dict[str, Break] = {"disk full": fill_disk} if os.geteuid() == 0 else {}
STORAGE: dict[str, Break] = {"gs:// cut off for 10 s": cut_storage, "gs:// 503 every 5th request": refuse_requests}
