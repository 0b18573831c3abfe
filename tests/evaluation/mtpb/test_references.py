"""The real problems, where their file is given: our programs solve them, and what cannot be solved is as documented."""

from __future__ import annotations

import os
from functools import cache

import pytest

from evaluation.benchmark_file import read_benchmark
from evaluation.harness import ENDED, PUBLISHED, REPAIRED, Outcome, outcomes, with_expected
from evaluation.mtpb.problems import PUBLIC, Problem, problems_of
from evaluation.mtpb.run import LIMITS
from evaluation.sandbox import Sandbox
from tests.evaluation.mtpb.references import NEVER_PUBLISHED, READ, REFERENCES, WRONG
from tests.evaluation.sandbox.machine import need_a_sandbox

FILE = os.environ.get("CODEMILL_MTPB", "")
if not FILE:
    pytest.skip("CODEMILL_MTPB names no mtpb.jsonl", allow_module_level=True)
need_a_sandbox()


@cache
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in problems_of(read_benchmark(PUBLIC, FILE))}


@cache
def reference_outcomes() -> dict[tuple[str, int], Outcome]:
    """By id and number of the case, from 1."""
    programs = {}
    for name, body in REFERENCES.items():
        for number, case in enumerate(problems()[name].cases, 1):
            values = "".join(f"{variable} = {value!r}\n" for variable, value in case.input.items())
            program = READ + values + body
            programs[name, number] = (program, with_expected(program, case.expected))
    with Sandbox(limits=LIMITS) as sandbox:
        return dict(zip(programs, outcomes(sandbox, programs.values()), strict=True))


def failing(check: str) -> set[tuple[str, int]]:
    return {case for case, outcome in reference_outcomes().items() if not outcome.passed(check)}


def test_the_file_is_the_public_one_with_115_problems_of_5_cases() -> None:
    assert read_benchmark(PUBLIC, FILE).sha256 == PUBLIC.sha256
    assert len(problems()) == 115
    assert all(len(problem.cases) == 5 for problem in problems().values())


def test_the_programs_pass_all_cases_but_those_whose_expected_value_is_wrong() -> None:
    wrong = {(name, number) for name, numbers in WRONG.items() for number in numbers}
    assert failing(ENDED) == set()
    assert failing(REPAIRED) == wrong
    assert failing(PUBLISHED) == wrong | NEVER_PUBLISHED


def test_nothing_but_null_and_dictionaries_is_never_compared() -> None:
    never = {
        (name, number)
        for name, problem in problems().items()
        for number, case in enumerate(problem.cases, 1)
        if case.expected is None or isinstance(case.expected, dict)
    }
    assert never == NEVER_PUBLISHED
