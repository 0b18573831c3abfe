"""What holds on this machine, and what happens where it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evaluation.sandbox import Ending, Limits, run_program, sandbox_strength, strength
from schemas.errors import CodemillError
from tests.evaluation.sandbox.machine import descendants, need_a_sandbox

need_a_sandbox()

CHECKOUT = Path(__file__).resolve().parents[3]
NOBODY = 65534
NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")


@pytest.fixture
def asked_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    strength.require_strength.cache_clear()
    yield
    monkeypatch.undo()
    strength.require_strength.cache_clear()
    need_a_sandbox()


def test_every_needed_layer_holds() -> None:
    assert [layer.name for layer in sandbox_strength() if layer.needed and not layer.holds] == []


def test_a_program_as_the_kernel_sees_it() -> None:
    strangers = descendants()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run_program, "import time\ntime.sleep(60)", Limits(seconds=3.0))
        # The one that waits for the keeper, the keeper, init, the program: which is the last to get its command line.
        while not (found := [process for process in descendants() - strangers if b"site, sys" in command_of(process)]):
            time.sleep(0.02)
        (program,) = found
        ours, its = (
            {name: os.readlink(f"/proc/{process}/ns/{name}") for name in NAMESPACES} for process in ("self", program)
        )
        lines = Path(f"/proc/{program}/status").read_text().splitlines()
        assert running.result().ending is Ending.TIMED_OUT
    assert [name for name in NAMESPACES if ours[name] == its[name]] == []
    status = dict(line.split(":\t", 1) for line in lines)
    assert [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [0] * 5
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert "0" not in status["Uid"].split() + status["Gid"].split()


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_layer_that_does_not_hold_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_again: None
) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text("print('files', 'folder', 'processes', 'network', sep='\\n')")
    monkeypatch.setattr(strength, "_PROBE", probe)
    with pytest.raises(CodemillError, match=r"does not hold: process count .*, privileges .*, system calls") as refused:
        run_program("print(1)")
    assert "Linux 5.14" in refused.value.remedy


def test_a_layer_that_is_not_needed_is_missed_aloud(monkeypatch: pytest.MonkeyPatch, asked_again: None) -> None:
    missing = strength.Layer("landlock", "", holds=False, needed=False)
    monkeypatch.setattr(strength, "sandbox_strength", lambda: [missing])
    with pytest.warns(UserWarning, match="does without landlock"):
        strength.require_strength()


def test_without_namespaces_nothing_runs() -> None:
    script = (
        "from evaluation.sandbox import run_program\n"
        "from evaluation.sandbox.keeper import libc, seccomp\n"
        "libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)\n"
        "seccomp.filter_calls()\n"
        "run_program('print(1)')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.stdout == ""
    assert "cannot be run safely on this machine: [Errno 1] Operation not permitted: 'unshare'" in done.stderr
    assert "allow user namespaces" in done.stderr


def test_another_system_is_refused(monkeypatch: pytest.MonkeyPatch, asked_again: None) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(CodemillError, match="darwin has no namespaces; use Linux"):
        run_program("print(1)")


def test_an_unprivileged_user_has_the_same_sandbox() -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests are run by an unprivileged user already")
    python = shutil.which(f"python{sys.version_info[0]}.{sys.version_info[1]}", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip("no Python that another user may run")
    script = (
        f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n"
        "from evaluation.sandbox import run_program, sandbox_strength\n"
        "print(*(layer.name for layer in sandbox_strength() if layer.needed and not layer.holds))\n"
        "print(run_program('import os; print(os.getuid(), os.listdir())').stdout)"
    )
    command = [python, "-B", "-c", script]
    done = subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\nb'1000 []\\n'\n", "")
