from __future__ import annotations

from typing import Any

import pytest

from evaluation.benchmark_file import BenchmarkFile
from evaluation.mtpb.problems import TOKENS, Case, problems_of
from schemas.errors import CodemillError
from tests.evaluation.own_problems import PROGRAMS


def problems(**changes: Any) -> Any:
    return problems_of(BenchmarkFile("own", "0", [{**PROGRAMS[0], **changes}, PROGRAMS[1]]))


def test_cases_are_inputs_with_their_outputs() -> None:
    one, two = problems()
    assert (one.id, one.category, one.tokens, two.tokens) == ("1", "math", 20, TOKENS)
    assert one.cases == (Case({"a": 1, "b": 2}, 3), Case({"a": 5, "b": -5}, 0))
    assert [case.expected for case in two.cases] == ["one", "two"]  # the output without an input is left out


def test_prompts_are_filled_as_python_formats() -> None:
    (one, _) = problems(prompts=["{a} {{a}} {word}"], inputs=[{"a": [1, "x"], "word": "bare", "more": 0}], outputs=[0])
    assert one.turns(one.cases[0]) == ["[1, 'x'] {a} bare"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompts": ["{c}"]}, r"problem 1: a prompt cannot be filled with \['a', 'b'\] \('c'\)"),
        ({"prompts": ["{"]}, "problem 1: a prompt cannot be filled"),
        ({"outputs": [3]}, "problem 1: has 2 inputs and 1 outputs; give one for each"),
        ({"inputs": None}, "problem 1: has no 'inputs' of type list"),
        ({"id": "2"}, "problem 2: id 2 comes twice"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        problems(**changes)
