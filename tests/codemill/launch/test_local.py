"""The local launcher with small programs in place of training: output, statuses, signals, and nothing left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import codemill.launch.local
from codemill.launch.local import LocalLauncher

ROOT = Path(__file__).resolve().parents[3]
PRELUDE = """
import os, pathlib, signal, sys, time
index = int(sys.argv[sys.argv.index("--process-index") + 1])
run = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
(run / str(index)).write_text(str(os.getpid()))
def others_are_there():
    while len([path for path in run.iterdir() if path.read_text()]) < 3:
        time.sleep(0.01)
"""


def launched(tmp_path: Path, program: str, report: list[str] | None = None) -> int:
    lines: list[str] = [] if report is None else report
    launcher = LocalLauncher(3, 2, lines.append, (sys.executable, "-c", PRELUDE + program))
    return launcher.launch("plan.yaml", str(tmp_path))


def alive(tmp_path: Path) -> list[int]:
    found = []
    for path in tmp_path.iterdir():
        try:
            os.kill(int(path.read_text()), 0)
            found.append(int(path.name))
        except ProcessLookupError:
            pass
    return found


def test_each_gets_its_number_and_the_lines_get_it_too(tmp_path: Path) -> None:
    lines: list[str] = []
    program = "print(sys.argv[1:3], sys.argv[5:7], os.environ['JAX_NUM_CPU_DEVICES'])\nprint('bad', file=sys.stderr)"
    assert launched(tmp_path, program, lines) == 0
    assert sorted(lines) == sorted(
        line
        for index in range(3)
        for line in (f"[{index}] ['train', 'plan.yaml'] ['--processes', '3'] 2", f"[{index}] bad")
    )


@pytest.mark.parametrize(("end", "status"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), signal.SIGKILL)", 137)])
def test_one_that_fails_ends_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, status: int) -> None:
    monkeypatch.setattr(codemill.launch.local, "LAST_WORDS_SECONDS", 0.1)
    program = f"others_are_there()\nif index == 1: {end}\ntime.sleep(600)"
    assert launched(tmp_path, program) == status
    assert alive(tmp_path) == []


def test_one_that_does_not_end_with_the_others_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codemill.launch.local, "GRACE_SECONDS", 0.1)
    lines: list[str] = []
    assert launched(tmp_path, "others_are_there()\nif index == 1: time.sleep(600)", lines) == 1
    assert lines == ["process 1 did not end and is killed"] and alive(tmp_path) == []


POLITE = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nothers_are_there()\ntime.sleep(600)"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nothers_are_there()\ntime.sleep(600)"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_is_passed_on(tmp_path: Path, number: signal.Signals) -> None:
    def ask() -> None:
        while len([path for path in tmp_path.iterdir() if path.read_text()]) < 3:
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(os.getpid(), number)

    threading.Thread(target=ask).start()
    assert launched(tmp_path, POLITE) == 0
    assert alive(tmp_path) == []


def test_a_second_request_ends_at_once(tmp_path: Path) -> None:
    def ask() -> None:
        while len([path for path in tmp_path.iterdir() if path.read_text()]) < 3:
            time.sleep(0.01)
        for _ in range(2):
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask).start()
    assert launched(tmp_path, STUBBORN) == 1
    assert alive(tmp_path) == []


@pytest.mark.slow
def test_no_process_outlives_a_launcher_that_is_killed(tmp_path: Path) -> None:
    """The real child program, waiting in vain for a third process, under a launcher that cannot say good-bye."""
    script = (
        "import sys\n"
        "from codemill.launch.local import LocalLauncher\n"
        "program = (sys.executable, '-c', 'import os, sys, pathlib; "
        'index = sys.argv[sys.argv.index("--process-index") + 1]; '
        f'pathlib.Path("{tmp_path}", index).write_text(str(os.getpid())); '
        "import runpy, threading, time; threading.Timer(600, print).start(); "
        'sys.argv = ["child", "--version"]; runpy.run_module("codemill.launch.child", run_name="__main__")\')\n'
        "LocalLauncher(2, program=program).launch('plan', 'run')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    launcher = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.DEVNULL)
    while len([path for path in tmp_path.iterdir() if path.read_text()]) < 2:
        time.sleep(0.05)
    time.sleep(1)
    assert len(alive(tmp_path)) == 2
    launcher.kill()
    launcher.wait()
    while alive(tmp_path):
        time.sleep(0.05)
