"""The tables of docs/errors.md, made of the cases: `python -m tests.codemill.errors.page` writes them anew."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from tests.codemill.errors.cases import Case, load_cases

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"
BEGIN = "<!-- Written by `python -m tests.codemill.errors.page` from cases.yaml. -->\n"
END = "<!-- End of what is written. -->\n"
SHOWN = 260
"""Characters of a line; longer ones are shortened, which is marked."""


def tables(cases: Sequence[Case]) -> str:
    """A heading and a table for each group."""
    parts = []
    for group, members in groupby(cases, key=lambda case: case.group):
        rows = "\n".join(_row(case) for case in members)
        parts.append(
            f"### {group}\n\n| Mistake | Command | What codemill says | Status |\n| --- | --- | --- | --- |\n{rows}\n"
        )
    return "\n".join(parts)


def written(page: str) -> str:
    """The page with its tables made anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{tables(load_cases())}\n{END}{tail}"


def _row(case: Case) -> str:
    says = "<br>".join(_code(line.removeprefix("codemill: ")) for line in case.says)
    return f"| {case.mistake} | {_code(case.command)} | {says} | {case.status} |"


def _code(text: str) -> str:
    short = text if len(text) <= SHOWN else text[: SHOWN - 4] + " ..."
    quotes = "``" if "`" in short else "`"
    return f"{quotes} {short} {quotes}".replace("|", "\\|") if quotes == "``" else f"`{short}`".replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
