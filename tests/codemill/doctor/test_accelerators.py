import json
import sys
from collections.abc import Sequence

import pytest

from codemill.doctor.accelerators import Asked, ask, devices, tpu_library
from codemill.doctor.finding import Status


def answering(*asked: object) -> object:
    def run(command: Sequence[str]) -> Asked:
        return Asked(*asked)  # type: ignore[arg-type]

    return run


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ((0, json.dumps(["0.10", "tpu", "TPU v4", 4]), ""), Status.OK, "4 tpu (TPU v4)"),
        ((0, "noise\n" + json.dumps(["0.10", "cpu", "cpu", 1]) + "\n", ""), Status.NOTE, "no accelerator"),
        ((None, "", ""), Status.BROKEN, "a driver hangs"),
        ((1, "", "Traceback\nRuntimeError: TPU is in use"), Status.BROKEN, "TPU is in use"),
        ((-11, "", ""), Status.BROKEN, "it crashed"),
    ],
)
def test_devices(asked: tuple[object, ...], status: Status, word: str) -> None:
    (found,) = devices(answering(*asked), lambda name: object())  # type: ignore[arg-type]
    assert found.status is status and word in found.what
    assert found.remedy or status is not Status.BROKEN


def test_without_jax() -> None:
    (found,) = devices(there=lambda name: None)
    assert found.status is Status.NOTE and "codemill[trainer]" in found.remedy


def test_a_process_that_hangs_is_left() -> None:
    program = "import signal, time; print('begun', flush=True); signal.pthread_sigmask(0, [15]); time.sleep(60)"
    assert ask([sys.executable, "-c", program], 1.0).status is None


def test_a_process_that_ends() -> None:
    asked = ask([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert asked == (3, "out\n", "err\n")


@pytest.mark.slow
def test_the_devices_of_this_machine() -> None:
    (found,) = devices()
    assert found.what.startswith("JAX ")


def test_libtpu() -> None:
    there = next(tpu_library(lambda name: "0.0.20", []))
    absent = next(tpu_library(lambda name: None, []))
    node = next(tpu_library(lambda name: None, ["/dev/accel0"]))
    assert (there.status, absent.status, node.status) == (Status.OK, Status.NOTE, Status.WARNING)
    assert "/dev/accel0" in node.what
    assert next(tpu_library()).check == "libtpu"
