"""Two texts side by side: which lines are the same, and where the others differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

MOST_LINES = 600
"""Lines of each text that are compared: the time grows with their square."""
MOST_ROWS = 60
LONGEST_LINE = 240
CONTEXT = 2


@dataclass(frozen=True)
class Side:
    """A line of one of the texts: what it shares with the other's line, what is its own, what it shares again."""

    number: int
    """Counted from 1."""
    before: str
    own: str = ""
    after: str = ""


@dataclass(frozen=True)
class Row:
    """Two lines beside each other; None where a text has no line there. A row of neither stands for lines left out."""

    left: Side | None
    right: Side | None

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return (
            self.left is not None
            and self.right is not None
            and self.left.before == self.right.before
            and not (self.left.own or self.right.own)
        )


@dataclass(frozen=True)
class Difference:
    """Rows of two texts, and whether there is more than what they show."""

    rows: tuple[Row, ...]
    cut: bool


def side_by_side(left: bytes, right: bytes) -> Difference:
    """Compare two texts line by line: the lines that differ, and a few around them."""
    a, b = _lines(left), _lines(right)
    matcher = SequenceMatcher(None, a[:MOST_LINES], b[:MOST_LINES], autojunk=False)
    rows: list[Row] = []
    end = 0
    groups = list(matcher.get_grouped_opcodes(CONTEXT))
    for group in groups:
        if group[0][1] > end:
            rows.append(Row(None, None))
        for kind, a0, a1, b0, b1 in group:
            rows += _same(a, a0, a1, b0) if kind == "equal" else _differing(a, a0, a1, b, b0, b1)
        end = group[-1][2]
    if not groups:
        rows = list(_same(a, 0, min(len(a), MOST_ROWS), 0))
    cut = len(rows) > MOST_ROWS or max(len(a), len(b)) > MOST_LINES
    return Difference(tuple(rows[:MOST_ROWS]), cut)


def _lines(text: bytes) -> list[str]:
    return [line[:LONGEST_LINE] for line in text.decode("utf-8", "replace").split("\n")]


def _same(a: list[str], a0: int, a1: int, b0: int) -> Iterator[Row]:
    for place in range(a1 - a0):
        line = a[a0 + place]
        yield Row(Side(a0 + place + 1, line), Side(b0 + place + 1, line))


def _differing(a: list[str], a0: int, a1: int, b: list[str], b0: int, b1: int) -> Iterator[Row]:
    for i, j in zip_longest(range(a0, a1), range(b0, b1)):
        if i is None:
            yield Row(None, Side(j + 1, "", b[j]))
        elif j is None:
            yield Row(Side(i + 1, "", a[i]), None)
        else:
            yield _pair(i + 1, a[i], j + 1, b[j])


def _pair(i: int, left: str, j: int, right: str) -> Row:
    before = _alike(left, right)
    after = _alike(left[before:][::-1], right[before:][::-1])
    return Row(
        *(
            Side(number, line[:before], line[before : len(line) - after], line[len(line) - after :])
            for number, line in ((i, left), (j, right))
        )
    )


def _alike(left: str, right: str) -> int:
    """Characters at the beginning that are the same."""
    return next(
        (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
