"""Hostile programs: each ends as it must, harms nothing outside, and does not disturb a program beside it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluation.sandbox import Ending, Limits, Result, Sandbox
from tests.evaluation.sandbox.breaking import BREAKING
from tests.evaluation.sandbox.exhausting import EXHAUSTING
from tests.evaluation.sandbox.hostile import Hostile
from tests.evaluation.sandbox.machine import descendants, need_a_sandbox
from tests.evaluation.sandbox.reaching_out import REACHING_OUT

need_a_sandbox()

CHECKOUT = Path(__file__).resolve().parents[3]
PROCESSES_OF_A_WORKER = 2

PATIENT = Limits(seconds=60.0, cpu_seconds=60.0)
SMALL = replace(PATIENT, memory_bytes=400 << 20, file_bytes=8 << 20)
SHORT = replace(SMALL, seconds=1.2, cpu_seconds=1.2)
VICTIM = """
import hashlib, os, threading
digest = b""
for _ in range(20000): digest = hashlib.sha256(digest).digest()
open("file", "wb").write(bytes(1 << 20))
child = os.fork() or os._exit(0)
threads = [threading.Thread(target=bytearray, args=(1 << 20,)) for _ in range(8)]
for thread in threads: thread.start()
print(digest.hex()[:8], os.path.getsize("file"), os.waitpid(child, 0)[1], os.listdir())
"""


class Surroundings(NamedTuple):
    """What hostile programs are aimed at, and what runs them."""

    short: Sandbox
    small: Sandbox
    patient: Sandbox
    victims: Sandbox
    outside: Path
    port: int
    strangers: set[int]
    """Processes that other tests have started."""

    def run(self, hostile: Hostile, sandbox: Sandbox) -> tuple[Result, Result]:
        """The results of a hostile program and of a harmless one beside it."""
        source = hostile.source
        for name, value in (
            ("UNIX_SOCKET", self.outside / "socket"),
            ("OUTSIDE", self.outside),
            ("CHECKOUT", CHECKOUT),
            ("CALLER", os.getpid()),
            ("PORT", self.port),
        ):
            source = source.replace(name, str(value))
        with ThreadPoolExecutor(1) as beside:
            victim = beside.submit(self.victims.run, VICTIM)
            return sandbox.run(source), victim.result()


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "canary").write_text("alive")
    (outside / "credentials.json").write_text("secret")
    strangers = descendants()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as named,
        Sandbox(1, SHORT) as short,
        Sandbox(1, SMALL) as small,
        Sandbox(1, PATIENT) as patient,
        Sandbox(1, PATIENT) as victims,
    ):
        named.bind(str(outside / "socket"))
        named.listen()
        for sandbox in (short, small, patient, victims):
            assert sandbox.run("pass").ending is Ending.FINISHED
        yield Surroundings(short, small, patient, victims, outside, server.getsockname()[1], strangers)


@pytest.fixture(autouse=True)
def nothing_is_harmed(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def look() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in surroundings.outside.iterdir() if path.is_file()}

    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(surroundings.outside / "credentials.json"))
    files = look()
    yield
    assert look() == files
    # The result was there only when all of the program's processes had ended.
    assert len(descendants() - surroundings.strangers) == 4 * PROCESSES_OF_A_WORKER


def check(hostile: Hostile, results: tuple[Result, Result]) -> None:
    result, victim = results
    assert (result.ending, result.stderr if result.ending is not hostile.ending else b"") == (hostile.ending, b"")
    said = result.stdout.decode()
    ended_by_itself = hostile.ending in (Ending.FINISHED, Ending.FAILED, Ending.KILLED)
    assert said == hostile.says if ended_by_itself else said.startswith(hostile.says)
    assert hostile.status in (None, result.status)
    assert len(result.stdout) <= PATIENT.output_bytes and len(result.stderr) <= PATIENT.output_bytes
    assert victim.stdout == b"21effe9e 1048576 0 ['file']\n", victim
    assert victim.ending is Ending.FINISHED


@pytest.mark.parametrize("hostile", EXHAUSTING, ids=lambda hostile: hostile.name)
def test_exhausting(surroundings: Surroundings, hostile: Hostile) -> None:
    # Only what must run into its time is given little of it, so that a busy machine changes no ending.
    sandbox = surroundings.short if hostile.ending is Ending.TIMED_OUT else surroundings.small
    check(hostile, surroundings.run(hostile, sandbox))


@pytest.mark.parametrize("hostile", REACHING_OUT, ids=lambda hostile: hostile.name)
def test_reaching_out(surroundings: Surroundings, hostile: Hostile) -> None:
    check(hostile, surroundings.run(hostile, surroundings.patient))


@pytest.mark.parametrize("hostile", BREAKING, ids=lambda hostile: hostile.name)
def test_breaking(surroundings: Surroundings, hostile: Hostile) -> None:
    check(hostile, surroundings.run(hostile, surroundings.patient))


def test_bytes_that_are_no_text_come_out_as_they_are(surroundings: Surroundings) -> None:
    result = surroundings.patient.run("import os\nos.write(1, bytes(range(256)))\nos.write(2, b'\\xff')")
    assert (result.ending, result.stdout, result.stderr) == (Ending.FINISHED, bytes(range(256)), b"\xff")


def test_a_call_by_the_32_bit_table_ends_the_program(surroundings: Surroundings) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("only x86-64 has one")
    # mov eax, 20 (getpid); int 0x80; ret
    result = surroundings.patient.run(
        "import ctypes, mmap\ncode = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | 32, prot=7)\n"
        "code.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()"
    )
    assert (result.ending, result.status) == (Ending.KILLED, -31)


def test_what_a_program_leaves_in_its_folder_is_gone(surroundings: Surroundings) -> None:
    surroundings.patient.run("open('left', 'w').write('x')")
    assert surroundings.patient.run("import os\nprint(os.listdir())").stdout == b"[]\n"


def test_output_is_cut_at_the_limit(surroundings: Surroundings) -> None:
    result = surroundings.patient.run("print('x' * (1 << 21))")
    assert (result.ending, result.stdout) == (Ending.TOO_MUCH_OUTPUT, b"x" * PATIENT.output_bytes)
