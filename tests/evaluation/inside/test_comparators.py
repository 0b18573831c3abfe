"""Both comparators on the same answers: what is published, and what is repaired."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.inside.published_comparator import published
from evaluation.inside.repaired_comparator import repaired

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def passes(comparator: Any, answer: Any, expected: Any) -> bool:
    try:
        return bool(comparator(answer, expected))
    except Exception:
        return False


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (3, 3),
        ("3", 3),
        ("text", "text"),
        (True, "True"),
        ("True", True),
        (False, False),
        (2, 2.0),
        (1 / 3, 0.3333333),
        ((1, 2), [1, 2]),
        ([(1, 2), (3, 4)], [[1, 2], [3, 4]]),
        (range(3), [0, 1, 2]),
        ({}.keys(), []),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array([1, 2]), [1, 2]),
        (np.array([[1], [2]]), [[1], [2]]),
        ([np.int64(1), np.int64(2)], [1, 2]),
        ("", ""),
        ([], []),
    ],
)
def test_both_take_it(answer: Any, expected: Any) -> None:
    assert passes(published, answer, expected) and passes(repaired, answer, expected)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (4, 3),
        ("three", 3),
        (None, 3),
        (True, False),
        (1, True),
        ("Text", "text"),
        (0.5001, 0.5),
        ([1, 2], [2, 1]),
        ([1], [1, 2]),
        ({"a": 1}, {"a": 2}),
        (0, None),
        (object(), [1]),
    ],
)
def test_both_refuse_it(answer: Any, expected: Any) -> None:
    assert not passes(published, answer, expected) and not passes(repaired, answer, expected)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, None),
        ("None", None),
        ({"a": [1]}, {"a": [1]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        ([0.1 + 0.2], [0.3]),
        ([[1, (2, 3)]], [[1, [2, 3]]]),
        ("[1, 2]", [1, 2]),
        (1e20 + 1e10, 1e20),
        ({3, 11, 200, 1000}, [3, 11, 200, 1000]),
    ],
)
def test_only_the_repaired_one_takes_what_is_right(answer: Any, expected: Any) -> None:
    assert passes(repaired, answer, expected)
    if not isinstance(answer, set):  # whose order is up to Python
        assert not passes(published, answer, expected)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (0.9, 0),
        (-3.7, -3),
        (True, 1),
        ("12", ["1", "2"]),
        ({1: "b"}, [1]),
        (iter([1, 2]), [1, 2]),
    ],
)
def test_only_the_published_one_takes_what_is_wrong(answer: Any, expected: Any) -> None:
    assert not passes(repaired, answer, expected)
    assert passes(published, answer, expected)


@given(VALUES)
def test_every_value_can_be_met_by_itself(value: Any) -> None:
    assert passes(repaired, value, value)


@given(SCALARS)
def test_published_never_takes_none_or_dictionaries(answer: Any) -> None:
    assert not passes(published, answer, None)
    assert not passes(published, {"a": answer}, {"a": answer})


class Series:
    """What the comparators look at of pandas'."""

    def __init__(self, values: list[float]) -> None:
        self._values = values

    def to_numpy(self) -> Any:
        return np.array(self._values)

    def tolist(self) -> list[float]:
        return self._values


Series.__module__ = "pandas.core.series"


def test_columns_are_compared_as_arrays() -> None:
    assert passes(published, Series([1.0, 2.0 + 1e-9]), [1, 2])
    assert passes(repaired, Series([1.0, 2.0 + 1e-9]), [1, 2])
    assert not passes(published, Series([1.0, 2.0]), [1, 2, 3])
    assert not passes(repaired, Series([1.0]), [1, 1])
    assert passes(published, Series([1.0]), [1, 1])  # numpy stretches one value to any length
