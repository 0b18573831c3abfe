from __future__ import annotations

import json

import pytest

from evaluation.benchmark_file import BenchmarkFile
from evaluation.humaneval.problems import given_completions, problems_of
from schemas.errors import CodemillError
from tests.evaluation.own_problems import FUNCTIONS

PROBLEMS = problems_of(BenchmarkFile("own", "0", FUNCTIONS))


def lines(*rows: dict[str, str]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_a_program_is_prompt_completion_test_and_call() -> None:
    assert PROBLEMS[0].program("    return 2 * x\n") == (
        'def double(x):\n    """Twice x."""\n    return 2 * x\n\n'
        "def check(candidate):\n    assert candidate(3) == 6\n\ncheck(double)"
    )


def test_what_is_missing_is_named() -> None:
    with pytest.raises(CodemillError, match=r"own, problem 2: has no 'test' of type str; see docs/evaluation\.md"):
        problems_of(BenchmarkFile("own", "0", [FUNCTIONS[0], {**FUNCTIONS[1], "test": None}]))
    with pytest.raises(CodemillError, match="own/0 comes twice"):
        problems_of(BenchmarkFile("own", "0", [FUNCTIONS[0], FUNCTIONS[0]]))


def test_completions_are_sorted_to_their_problems() -> None:
    rows = [{"task_id": f"own/{i}", "completion": text} for i, text in [(2, "a"), (0, "b"), (1, "c"), (2, "d")]]
    found = given_completions("samples", lines(*rows), PROBLEMS)
    assert list(found.items()) == [("own/0", ["b"]), ("own/1", ["c"]), ("own/2", ["a", "d"])]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"task_id": "own/9", "completion": ""}, "completion 1: there is no problem 'own/9'"),
        ({"task_id": "own/1"}, "completion 1: has no 'completion'"),
        ({"task_id": "own/1", "completion": ""}, "has no completion of 2 problems, own/0 first"),
    ],
)
def test_completions_that_do_not_fit_are_named(row: dict[str, str], words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        given_completions("samples", lines(row), PROBLEMS)
