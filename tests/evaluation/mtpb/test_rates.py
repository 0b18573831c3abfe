from __future__ import annotations

import pytest

from evaluation.mtpb.rates import Difficulty, Rate, difficulties, difficulty, grouped, rate


def test_each_program_counts_once() -> None:
    rows = [{"published": True, "repaired": False}, {"published": True, "repaired": True}, {"published": False}]
    assert rate(rows, "published") == Rate(2, 3)
    assert rate([], "published").share == 0.0


@pytest.mark.parametrize(
    ("share", "group"), [(0.0, "hard"), (0.299, "hard"), (0.3, "medium"), (0.7, "medium"), (0.71, "easy"), (1, "easy")]
)
def test_the_edges_of_difficulty(share: float, group: str) -> None:
    assert difficulty(share) == group


def test_difficulty_is_that_over_all_models() -> None:
    weak, strong = {"1": Rate(0, 4), "2": Rate(4, 4)}, {"1": Rate(2, 4), "2": Rate(2, 4)}
    assert difficulties([weak, strong]) == {"1": Difficulty.HARD, "2": Difficulty.EASY}
    assert difficulties([]) == {}


def test_groups_add_up() -> None:
    rates = {"1": Rate(1, 4), "2": Rate(3, 4), "3": Rate(0, 2)}
    assert grouped(rates, {"1": "b", "2": "a", "3": "b"}) == {"b": (2, Rate(1, 6)), "a": (1, Rate(3, 4))}
