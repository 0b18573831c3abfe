"""Processes that start, wait for each other and are missed by name."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.errors import CodemillError
from tests.trainer.runs import environment
from trainer.processes.group import barrier, join_processes, tell, told
from trainer.processes.rendezvous import meet


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def met(number: int, indices: list[int], timeout: float, numbers: dict[int, int] | None = None) -> list[str]:
    """What `meet` says to each of some processes, here threads: "" or its error."""
    address = "127.0.0.1", free_port()

    def one(index: int) -> str:
        try:
            meet(address, (numbers or {}).get(index, number), index, timeout)
        except CodemillError as error:
            return error.message
        return ""

    with ThreadPoolExecutor(len(indices)) as pool:
        return list(pool.map(one, indices))


def test_all_that_come_meet() -> None:
    assert met(1, [0], 5) == [""]
    assert met(4, [2, 0, 3, 1], 30) == [""] * 4


def test_who_does_not_start_is_named_to_all_others() -> None:
    said = met(5, [0, 1, 3], 1.0)
    assert said == ["process 2, 4 of 5 did not start within 1 s"] * 3
    (alone,) = met(2, [1], 0.3)
    assert alone.startswith("process 0 of 2 did not answer at 127.0.0.1:")


def test_numbers_that_do_not_fit_are_named() -> None:
    assert all("number 1 of 3" in line for line in met(2, [0, 1], 30, {1: 3}))
    said = met(3, [0, 1, 1], 30)
    assert sum("number 1 of 3" in line for line in said) == 3


def test_strangers_at_the_door_are_passed_over() -> None:
    address = "127.0.0.1", free_port()
    first = threading.Thread(target=meet, args=(address, 2, 0, 30.0))
    first.start()
    while True:
        try:
            with socket.create_connection(address) as stranger:
                stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            break
        except OSError:
            pass
    meet(address, 2, 1, 30.0)
    first.join()


@pytest.mark.parametrize(
    "arguments", [(2, None, None), (2, 0, None), (2, 2, "h:1"), (2, 0, "h"), (None, None, "h:1"), (2, 0, ":1")]
)
def test_half_a_description_is_refused(arguments: tuple[int | None, int | None, str | None]) -> None:
    with pytest.raises(CodemillError, match="--process-index"):
        join_processes(*arguments)


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CodemillError, match="cannot listen at"):
        meet(("127.0.0.1", taken.getsockname()[1]), 2, 0, 1.0)


def test_alone_there_is_nobody_to_wait_for() -> None:
    barrier("anything", 0.0)
    tell("anything", "x")
    assert told("anything") is None


SCRIPT = """
import os, sys, time
from schemas.errors import CheckFailed
from trainer.processes.group import barrier, join_processes, leave_processes, me, tell, told
index = int(sys.argv[1])
join_processes(3, index, sys.argv[2], 60.0)
assert told("note") is None
barrier("together", 60.0)
barrier("together", 60.0)
if index == 0:
    tell("note", "a")
    tell("note", "b")
barrier("told", 60.0)
assert told("note") == "b" and me() == f"process {index} of 3"
try:
    if index != 2:
        barrier("save step 40", 1.0)
except CheckFailed as error:
    print(error.message)
if index == 2:
    time.sleep(3)
tell(f"through/{index}", "yes")
leave_processes(60.0)
"""


@pytest.mark.slow
def test_a_process_that_does_not_reach_a_barrier_is_named() -> None:
    coordinator = f"127.0.0.1:{free_port()}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(index), coordinator],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    wanted = f"process 2 (host {socket.gethostname()}) of 3 did not reach 'save step 40' within 1 s"
    assert wanted in outputs[0] and wanted in outputs[1]
