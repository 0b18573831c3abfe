from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.benchmark_file import BenchmarkFile
from evaluation.mtpb.problems import problems_of
from evaluation.mtpb.rates import Rate, rate
from evaluation.mtpb.run import LIMITS, draw_programs, keep_programs, run_programs
from evaluation.mtpb.turns import Mode
from evaluation.records import Records
from evaluation.sampling.settings import Settings
from evaluation.sandbox import Sandbox
from schemas.errors import CodemillError
from tests.evaluation.own_problems import PROGRAMS, PlannedWriter, ignore
from tests.evaluation.sandbox.machine import need_a_sandbox

need_a_sandbox()

PROBLEMS = problems_of(BenchmarkFile("own", "0", PROGRAMS))


def solve(prompt: str, sample: int) -> str:
    """Right, but for x plus -5."""
    words = prompt.splitlines()[-1].rstrip(".").split()
    if words[1] == "Set":
        return f"x = {words[-1]}"
    return f"x + {abs(int(words[-1]))}" if words[-2] == "plus" else f"print({words[-1]!r})"


def test_drawn_programs_are_run_case_by_case(tmp_path: Path) -> None:
    programs, results = Records(str(tmp_path / "p")), Records(str(tmp_path / "r"))
    told: list[int] = []
    draw_programs(Mode.MULTI_TURN, PROBLEMS, PlannedWriter(solve), Settings(), 2, programs, told.append)
    with Sandbox(2, LIMITS) as sandbox:
        run_programs(PROBLEMS, programs, sandbox, results, ignore)
        run_programs(PROBLEMS, programs, sandbox, results, told.append)
    assert told == [1, 2, 2]
    rows = results.read("1")
    assert [(row["case"], row["published"], row["repaired"]) for row in rows] == [
        (0, True, True),
        (0, True, True),
        (1, False, False),
        (1, False, False),
    ]
    assert rate(rows, "published") == Rate(2, 4) and rate(results.read("2"), "repaired") == Rate(4, 4)
    kept = programs.read("2")[0]
    assert (kept["id"], kept["input"], kept["gold_output"]) == ("2", {"word": "one"}, "one")
    assert kept["completions"] == "".join(kept["prompts_completions"])


def program(name: str, text: str, **input: Any) -> dict[str, Any]:
    return {"id": name, "input": input, "completions": text}


GIVEN = [
    program("1", "print(0)", a=5, b=-5),
    program("1", "print(3)\nraise ValueError", a=1, b=2),
    program("1", "print(4)", a=1, b=2),
    program("2", "print('one')", word="one"),
    program("2", "print('two')", word="two"),
]


def test_given_programs_find_their_cases(tmp_path: Path) -> None:
    programs, results = Records(str(tmp_path / "p")), Records(str(tmp_path / "r"))
    keep_programs("given", GIVEN, PROBLEMS, programs)
    with Sandbox(2, LIMITS) as sandbox:
        run_programs(PROBLEMS, programs, sandbox, results, ignore)
    # The repaired comparator wants programs that end well; the published one looks at what they printed.
    assert [(row["case"], row["sample"], row["published"], row["repaired"]) for row in results.read("1")] == [
        (0, 0, True, False),
        (0, 1, False, False),
        (1, 0, True, True),
    ]


def test_equal_inputs_share_their_programs(tmp_path: Path) -> None:
    twice = problems_of(BenchmarkFile("own", "0", [{**PROGRAMS[0], "inputs": [{"a": 1, "b": 2}] * 2}]))
    programs = Records(str(tmp_path))
    keep_programs("given", [GIVEN[1], GIVEN[2], GIVEN[1]], twice, programs)
    assert [(row["case"], row["sample"]) for row in programs.read("1")] == [(0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (GIVEN[:-1], "given: has no program of a case of problem 2; give one of every case at least"),
        ([program("1", "", a=9, b=9)], "given, program 1: is of no case of the problems"),
        ([program("9", "", a=1, b=2)], "given, program 1: is of no case of the problems"),
        ([{**GIVEN[0], "completions": None}], "given, program 1: is of no case of the problems"),
    ],
)
def test_given_programs_that_do_not_fit_are_named(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        keep_programs("given", rows, PROBLEMS, Records(str(tmp_path)))
