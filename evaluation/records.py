"""What an evaluation leaves in its directory: its settings, and JSON lines for each problem, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from evaluation.benchmark_file import parse_lines
from schemas.errors import CodemillError
from storage.files import exists, join, read_bytes, write_atomic, write_new

SETTINGS = "settings.json"
Row = dict[str, Any]


class Records:
    """Rows about problems, a file each, so that a run that was stopped goes on with the next problem."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def has(self, problem: str) -> bool:
        """Whether that problem is done."""
        return exists(self._place(problem))

    def read(self, problem: str) -> list[Row]:
        """What was written of it."""
        place = self._place(problem)
        return parse_lines(place, read_bytes(place))

    def write(self, problem: str, rows: Iterable[Row]) -> None:
        """All rows of a problem at once."""
        lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows]
        # A text that is no Unicode, as a program's error may be, is written as JSON's own escapes.
        write_atomic(self._place(problem), "".join(lines).encode("utf-8", "backslashreplace"))

    def _place(self, problem: str) -> str:
        return join(self._directory, problem.replace("/", "-") + ".jsonl")


def begin(directory: str, settings: Row) -> None:
    """Begin an evaluation in a directory, or go on with the same one.

    Raises:
        CodemillError: the directory holds an evaluation with other settings.
    """
    place = join(directory, SETTINGS)
    if not exists(place):
        write_new(place, (json.dumps(settings, indent=2, sort_keys=True) + "\n").encode())
        return
    before = json.loads(read_bytes(place))
    for name in sorted({*before, *settings}):
        if before.get(name) != settings.get(name):
            raise CodemillError(
                f"{directory}: holds an evaluation with {name} {before.get(name)!r}, not {settings.get(name)!r}",
                "name another --output, or give the same settings to go on",
            )
