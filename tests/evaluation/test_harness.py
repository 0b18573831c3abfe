from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evaluation.harness import ASSERTS, ENDED, PUBLISHED, REPAIRED, Outcome, outcomes, with_asserts, with_expected
from evaluation.sandbox import Ending, Limits, Sandbox
from tests.evaluation.sandbox.machine import need_a_sandbox

need_a_sandbox()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(2, Limits(seconds=5.0)) as opened:
        yield opened


def asserts(sandbox: Sandbox, program: str) -> Outcome:
    (outcome,) = outcomes(sandbox, [(program, with_asserts(program))])
    return outcome


def expected(sandbox: Sandbox, program: str, value: Any) -> Outcome:
    (outcome,) = outcomes(sandbox, [(program, with_expected(program, value))])
    return outcome


@pytest.mark.parametrize(
    "program",
    [
        "assert 1 + 1 == 2",
        "import sys\nprint('x' * 4_000_000)\nprint('y', file=sys.stderr)",
        "if __name__ == '__main__':\n    raise ValueError",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
        "import os\nos._exit = os.write = os.dup = None",
        "from __future__ import annotations\ndef f(x: unknown): pass",
    ],
)
def test_what_comes_to_its_end_passes(sandbox: Sandbox, program: str) -> None:
    outcome = asserts(sandbox, program)
    assert outcome.passed(ASSERTS) and (outcome.ending, outcome.error) == (Ending.FINISHED, "")


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("assert 1 + 1 == 3, 'no'", "AssertionError: no"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("import os\nos._exit(0)", "status 0 before its check"),
        ("print('{\"passed\": True}')\nquit()", "SystemExit"),
        ("def f(:", "SyntaxError: invalid syntax (<program>, line 1)"),
        ("x = '\udc80'", "UnicodeEncodeError"),
        ("x = '\0'", ""),
        ("annotations: unknown", "NameError: name 'unknown' is not defined"),
        ("input()", "EOFError"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "E"),
    ],
)
def test_what_ends_before_fails_with_its_error(sandbox: Sandbox, program: str, error: str) -> None:
    outcome = asserts(sandbox, program)
    assert not outcome.passed(ASSERTS) and outcome.ending is Ending.FAILED
    assert outcome.error.startswith(error)


def test_what_never_ends_is_stopped() -> None:
    with Sandbox(1, Limits(seconds=0.5)) as sandbox:
        outcome = asserts(sandbox, "while True: pass")
    assert not outcome.passed(ASSERTS) and outcome.ending is Ending.TIMED_OUT


def test_outcomes_come_in_order(sandbox: Sandbox) -> None:
    programs = [f"import time\ntime.sleep({0.2 if i == 0 else 0})\nraise ValueError({i})" for i in range(6)]
    found = outcomes(sandbox, [(program, with_asserts(program)) for program in programs])
    assert [outcome.error for outcome in found] == [f"ValueError: {i}" for i in range(6)]


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("6 * 7", 42),
        ("print(1)\nprint(42, 'left out')", 42),
        ("answer = 42", 42),
        ("import sys\nprint(42)\nsys.exit()", 42),
        ("if __name__ == '__main__':\n    print(42)", 42),
        ("import numpy as np\nnp.arange(3)", [0, 1, 2]),
        ("print(42)\ndef print(x): pass", 42),
    ],
)
def test_the_last_value_is_compared(sandbox: Sandbox, program: str, value: Any) -> None:
    outcome = expected(sandbox, program, value)
    assert all(outcome.passed(check) for check in (PUBLISHED, REPAIRED, ENDED)), outcome


def test_an_exception_after_the_right_value_is_kept_apart(sandbox: Sandbox) -> None:
    outcome = expected(sandbox, "print(42)\nraise KeyError('k')", 42)
    assert outcome.passed(PUBLISHED) and not outcome.passed(ENDED)
    assert (outcome.ending, outcome.error) == (Ending.FAILED, "KeyError: 'k'")


@pytest.mark.parametrize(
    ("program", "error"),
    [("for x in []:\n    x", "printed nothing"), ("print()", "printed nothing"), ("f(", "SyntaxError")],
)
def test_without_a_value_nothing_passes(sandbox: Sandbox, program: str, error: str) -> None:
    outcome = expected(sandbox, program, 42)
    assert not outcome.passed(PUBLISHED) and not outcome.passed(REPAIRED)
    assert outcome.error.startswith(error)
