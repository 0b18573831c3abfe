import re

import pytest

from tests.codemill.errors.cases import Case, Say, load_cases
from tests.codemill.errors.page import PAGE, written

CASES = load_cases()


def pattern(line: str) -> str:
    """A regular expression for a line in which "..." stands for what another machine or library may tell otherwise."""
    return ".*".join(map(re.escape, line.split("...")))


@pytest.mark.parametrize("case", CASES, ids=[f"{case.group}: {case.mistake}" for case in CASES])
def test_a_mistake_is_told_in_two_lines_and_leaves_nothing(case: Case, say: Say) -> None:
    said = say(case.arrange, case.command)
    assert len(said.lines) == len(case.says) == 2, said.lines
    assert said.lines[0].startswith("codemill: error: ") and said.lines[1].startswith("codemill: remedy: ")
    for line, expected in zip(said.lines, case.says, strict=True):
        assert re.fullmatch(pattern(expected), line), line
    assert said.status == case.status
    assert said.left == set()
    assert "secret" not in "".join(said.lines)


def test_the_page_shows_these_cases() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "write it anew: python -m tests.codemill.errors.page"
    assert len(CASES) >= 30
