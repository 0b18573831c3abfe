"""Pass rates: of all programs, and of groups of problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from evaluation.records import Row


class Difficulty(StrEnum):
    """Groups of problems by the share of programs that pass, with the paper's edges."""

    HARD = "hard"
    MEDIUM = "medium"
    EASY = "easy"


HARD_BELOW, EASY_ABOVE = 0.3, 0.7


class Rate(NamedTuple):
    """Programs that passed, of so many."""

    passed: int
    programs: int

    @property
    def share(self) -> float:
        """0 to 1; 0 of none."""
        return self.passed / self.programs if self.programs else 0.0


def rate(rows: Iterable[Row], comparator: str) -> Rate:
    """Of rows of results, by one comparator: each program counts once, as in the published script's totals."""
    verdicts = [bool(row[comparator]) for row in rows]
    return Rate(sum(verdicts), len(verdicts))


def difficulty(share: float) -> Difficulty:
    """The group of a problem that this share of programs solves, averaged over the models that are compared."""
    if share < HARD_BELOW:
        return Difficulty.HARD
    return Difficulty.EASY if share > EASY_ABOVE else Difficulty.MEDIUM


def difficulties(by_model: Sequence[Mapping[str, Rate]]) -> dict[str, Difficulty]:
    """The group of each problem by its mean share over models; each model has a rate of every problem."""
    return {
        name: difficulty(sum(rates[name].share for rates in by_model) / len(by_model))
        for name in (by_model[0] if by_model else ())
    }


def grouped(rates: Mapping[str, Rate], groups: Mapping[str, str]) -> dict[str, tuple[int, Rate]]:
    """For each group how many problems it has, and the rate over them; groups in the order in which they first come."""
    found: dict[str, tuple[int, Rate]] = {}
    for name, group in groups.items():
        problems, before = found.get(group, (0, Rate(0, 0)))
        own = rates[name]
        found[group] = (problems + 1, Rate(before.passed + own.passed, before.programs + own.programs))
    return found
