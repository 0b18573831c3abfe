from __future__ import annotations

from typing import Any

import pytest

from evaluation.inside.last_value import last_value_printed


def printed(program: str) -> list[Any]:
    values: list[Any] = []
    exec(last_value_printed(program), {"print": lambda *args: values.append(args[0] if args else "nothing")})
    return values


@pytest.mark.parametrize(
    ("program", "values"),
    [
        ("1 + 1", [2]),
        ("x = [1]\nx", [[1]]),
        ("x = 5", [5]),
        ("x = 1\nx: int = x + 1", [2]),
        ("print(1)\nprint(2)", [1, 2]),
        ("print(1)\nprint(2)  # twice", [1, 2]),
        ("print(3)\n'text'", [3, "text"]),
    ],
)
def test_the_value_of_the_last_statement_is_printed(program: str, values: list[Any]) -> None:
    assert printed(program) == values


@pytest.mark.parametrize(
    "program",
    ["", "# nothing", "x: int", "import os", "def f(): return 1", "for i in range(3):\n    i", "if 1:\n    2"],
)
def test_a_last_statement_without_a_value_is_left_alone(program: str) -> None:
    assert printed(program) == []


def test_any_name_that_begins_with_print_counts_as_print() -> None:
    assert printed("def printed_later(x): return x\nprinted_later(1)") == []
    assert printed("import builtins\nbuiltins.len('ab')") == [2]


def test_an_assignment_leaves_none_as_published() -> None:
    assert printed("x = 5\nx = x + 1\n") == [6]
    values: dict[str, Any] = {"print": lambda value: None}
    exec(last_value_printed("x = 5"), values)
    assert values["x"] is None


def test_what_is_no_program_raises() -> None:
    with pytest.raises(SyntaxError):
        last_value_printed("f(")
