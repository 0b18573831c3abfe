"""Jobs whose workers die or fail: each test would wait for ever if the job waited for them."""

import os
import signal
import time
from collections.abc import Callable
from typing import NoReturn

import apache_beam as beam
import pytest

from pipelines.jobs.local.job import death
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.errors import CheckFailed, CodemillError
from storage.errors import MissingFile
from storage.files import read_bytes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
FOREVER = 3600


def run(work: Callable[[int], object], workers: int = 2) -> None:
    """A job of two elements, one for each worker."""
    Runner(workers, Silence()).run(
        lambda pipeline: pipeline | beam.Create([0, 1]) | beam.Reshuffle() | beam.Map(work), "test"
    )


def be_killed(number: int) -> None:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(FOREVER)


def leave(number: int) -> None:
    if number == 1:
        os.write(2, b"the last words\n")
        os._exit(3)
    time.sleep(FOREVER)


def fail(number: int) -> None:
    if number == 1:
        raise CheckFailed("element 1: odd", "look at it")
    time.sleep(FOREVER)


def read_nothing(number: int) -> bytes:
    return read_bytes(f"/nowhere/{number}")


def have_a_defect(number: int) -> NoReturn:
    raise ValueError(f"element {number}")


def test_a_killed_worker_ends_its_job() -> None:
    with pytest.raises(CodemillError, match=r"a worker process was killed \(signal 9, .*memory"):
        run(be_killed)


def test_a_worker_that_leaves_ends_its_job() -> None:
    with pytest.raises(CodemillError, match="a worker process ended with status 3: the last words"):
        run(leave)


def test_an_error_ends_the_job_while_other_workers_are_busy() -> None:
    with pytest.raises(CheckFailed) as raised:
        run(fail)
    assert (raised.value.message, raised.value.remedy) == ("element 1: odd", "look at it")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_storage_error_of_a_worker_is_told_as_it_is(workers: int) -> None:
    with pytest.raises(MissingFile, match=r"^/nowhere/[01]: cannot read: no such file or directory; check the path$"):
        run(read_nothing, workers)


def test_a_defect_is_told_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match="in have_a_defect"):
        run(have_a_defect)


def test_a_job_after_a_failed_one_runs() -> None:
    with pytest.raises(CodemillError):
        run(be_killed)
    run(str)


def test_only_a_kill_makes_one_think_of_memory() -> None:
    assert "memory" not in death(-signal.SIGSEGV, "").message
