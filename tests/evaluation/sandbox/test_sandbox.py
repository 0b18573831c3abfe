"""Sandbox and run_program: order, limits, input, and an end of everything in every case."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evaluation.sandbox import Ending, Limits, Sandbox, run_program
from schemas.errors import CodemillError
from tests.evaluation.sandbox.machine import descendants, gone_soon, need_a_sandbox

need_a_sandbox()

CHECKOUT = Path(__file__).resolve().parents[3]
FOR_LONG = Limits(seconds=300.0, cpu_seconds=300.0)
ENDLESS = "import os, time\nos.fork()\nos.setsid()\nwhile True: time.sleep(0.01)"


def test_one_program() -> None:
    result = run_program("print(6 * 7)")
    assert result[:4] == (Ending.FINISHED, 0, b"42\n", b"")
    assert 0 < result.seconds < 60


def test_an_exception_is_told() -> None:
    result = run_program("def wrong():\n    return 1 / 0\nwrong()")
    assert (result.ending, result.status, result.stdout) == (Ending.FAILED, 1, b"")
    assert b'"/job/program.py", line 2, in wrong\n    return 1 / 0' in result.stderr
    assert result.stderr.endswith(b"ZeroDivisionError: division by zero\n")


def test_standard_input_is_what_was_given_and_then_ends() -> None:
    given = bytes(range(256)) * 4096
    reading = "import sys\ndata = sys.stdin.buffer.read()\nprint(len(data), data[:3], sys.stdin.read() == '')"
    assert run_program(reading, stdin=given).stdout == b"1048576 b'\\x00\\x01\\x02' True\n"
    assert run_program("input()").stderr.endswith(b"EOFError: EOF when reading a line\n")


def test_a_program_is_a_main_module_like_any_other() -> None:
    result = run_program("""
import asyncio, dataclasses, pickle, sys, tempfile

@dataclasses.dataclass
class Point:
    x: int

async def later():
    return await asyncio.to_thread(lambda: 3)

if __name__ == "__main__":
    print(pickle.loads(pickle.dumps(Point(2))), asyncio.run(later()), sys.argv)
    print(sorted(name for name in globals() if not name.startswith("__")))
    with tempfile.TemporaryDirectory() as folder:
        print(folder.startswith("/box/"), open("/dev/shm/file", "w").close(), hash("fixed"), {"b", "a", "c"}, "ä")
    exit(4)
""")
    names = "['Point', 'asyncio', 'dataclasses', 'later', 'pickle', 'sys', 'tempfile']"
    lines = result.stdout.decode().splitlines()
    assert result.status == 4, result
    assert lines[:2] == ["Point(x=2) 3 ['/job/program.py']", names]
    assert lines[2].startswith("True None ") and lines[2].endswith(" ä")


@pytest.mark.skipif(
    sys.prefix.startswith("/tmp/"), reason="Python itself is installed in /tmp, which is read-only then"
)
def test_the_usual_place_for_files_leads_to_the_folder() -> None:
    program = "import os\nopen('/tmp/file', 'w').close()\nprint(os.listdir('/box'))"
    assert run_program(program).stdout == b"['file']\n"


def test_the_same_hashes_every_time() -> None:
    program = "print(hash('fixed'), set('abcdefgh'))"
    assert run_program(program).stdout == run_program(program).stdout


def test_installed_packages_can_be_imported_and_this_project_cannot() -> None:
    program = "import numpy\nprint(numpy.linalg.solve([[2.0]], [4.0]))\nimport evaluation"
    result = run_program(program, Limits(seconds=60.0, cpu_seconds=60.0))
    assert result.stdout == b"[2.]\n"
    assert b"ModuleNotFoundError: No module named 'evaluation'" in result.stderr


def test_many_programs_give_their_results_in_order() -> None:
    def programs() -> Iterator[str]:
        for number in range(12):
            yield f"import time\ntime.sleep({0.3 if number == 0 else 0})\nprint({number})"

    with Sandbox(workers=2) as sandbox:
        assert [result.stdout for result in sandbox.run_many(programs())] == [b"%d\n" % number for number in range(12)]
        assert [result.status for result in sandbox.run_many(["exit(1)", "exit(0)"])] == [1, 0]


def test_several_run_at_a_time() -> None:
    with Sandbox(workers=4) as sandbox:
        begin = time.monotonic()
        results = list(sandbox.run_many(["import time\ntime.sleep(2)"] * 4))
        assert time.monotonic() - begin < sum(result.seconds for result in results) / 2


def test_results_that_nobody_wants_are_not_waited_for() -> None:
    strangers = descendants()
    with Sandbox(workers=1, limits=FOR_LONG) as sandbox:
        results = sandbox.run_many(["print(1)"] + [ENDLESS] * 3)
        assert next(results).stdout == b"1\n"
    assert gone_soon(descendants() - strangers)


def test_leaving_ends_what_runs() -> None:
    strangers = descendants()
    with ThreadPoolExecutor(1) as threads:
        with Sandbox(workers=1, limits=FOR_LONG) as sandbox:
            running = threads.submit(sandbox.run, ENDLESS)
            while len(started := descendants() - strangers) < 5:
                time.sleep(0.02)
        with pytest.raises(CodemillError, match="ended before the program"):
            running.result()
    assert gone_soon(started)
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.run("pass")


@pytest.mark.parametrize("victim", ["caller", "keeper", "its parent"])
def test_a_kill_from_outside_leaves_nothing(victim: str) -> None:
    script = (
        "from evaluation.sandbox import Limits, run_program\n"
        f"run_program({ENDLESS!r}, Limits(seconds=300.0, cpu_seconds=300.0))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT, stderr=subprocess.PIPE) as caller:
        deadline = time.monotonic() + 60
        while len(started := descendants(caller.pid)) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        outer, keeper, *_ = sorted(started)
        os.kill({"caller": caller.pid, "keeper": keeper, "its parent": outer}[victim], signal.SIGKILL)
        assert gone_soon(started)
        _, said = caller.communicate(timeout=30)
        assert victim == "caller" or b"a sandbox ended before the program in it did" in said


def test_after_a_kill_from_outside_the_sandbox_goes_on() -> None:
    strangers = descendants()
    with Sandbox(workers=1) as sandbox:
        assert sandbox.run("print(1)").stdout == b"1\n"
        for process in descendants() - strangers:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(CodemillError, match="out of memory"):
            sandbox.run("print(2)")
        assert sandbox.run("print(3)").stdout == b"3\n"


def test_nothing_is_left_open() -> None:
    strangers = descendants()
    with Sandbox(workers=1) as sandbox:
        sandbox.run("pass")
        keeper = max(descendants() - strangers)
        before = len(os.listdir(f"/proc/{keeper}/fd"))
        for ending in ("pass", "1 / 0", "import os\nos.abort()", "while True: print('x' * 1000)"):
            sandbox.run(ending)
        assert len(os.listdir(f"/proc/{keeper}/fd")) == before
    ours = len(os.listdir("/proc/self/fd"))
    run_program("pass")
    assert len(os.listdir("/proc/self/fd")) == ours


def test_from_threads_and_event_loops() -> None:
    threads_before = threading.active_count()

    async def both(sandbox: Sandbox) -> list[bytes]:
        runs = (asyncio.to_thread(sandbox.run, f"print({number})") for number in range(4))
        return [result.stdout for result in await asyncio.gather(*runs)]

    with Sandbox(workers=2) as sandbox:
        assert asyncio.run(both(sandbox)) == [b"0\n", b"1\n", b"2\n", b"3\n"]
    assert threading.active_count() == threads_before


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"processes": -1}, {"memory_bytes": 1 << 50}, {"cpu_seconds": float("nan")}]
)
def test_limits_are_numbers_that_make_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(CodemillError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]
