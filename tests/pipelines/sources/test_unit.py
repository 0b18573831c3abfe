from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.unit import InputFile, Unit

FILE = InputFile("/data/a.jsonl", "a.jsonl", 10, "1")
UNIT = Unit("pile", "pile_jsonl", 3, (FILE,), 0, 10)


def test_golden_identity() -> None:
    assert UNIT.identity() == "fb5aec9fad4594014171adcc3f18dd37"


def test_identity_is_the_same_in_another_process() -> None:
    code = f"from pipelines.sources.unit import Unit; print(Unit.from_json({UNIT.to_json()!r}).identity())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == UNIT.identity()


def test_place_and_neighbours_do_not_matter() -> None:
    moved = replace(UNIT, files=(FILE._replace(uri="gs://bucket/a.jsonl"),), ordinal=7)
    assert moved.identity() == UNIT.identity()


@pytest.mark.parametrize(
    "other",
    [
        replace(UNIT, source="other"),
        replace(UNIT, kind="directory"),
        replace(UNIT, start=1),
        replace(UNIT, end=9),
        replace(UNIT, files=(FILE._replace(relative="b.jsonl"),)),
        replace(UNIT, files=(FILE._replace(size=11),)),
        replace(UNIT, files=(FILE._replace(version="2"),)),
        replace(UNIT, files=(FILE, FILE)),
    ],
)
def test_everything_else_matters(other: Unit) -> None:
    assert other.identity() != UNIT.identity()


_NAMES = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates too


@given(
    st.builds(
        Unit,
        _NAMES,
        _NAMES,
        st.integers(0, 99),
        st.lists(st.builds(InputFile, _NAMES, _NAMES, st.integers(0, 2**60), _NAMES), max_size=3).map(tuple),
        st.integers(0, 9),
        st.integers(0, 9),
    )
)
def test_json_round_trip(unit: Unit) -> None:
    line = unit.to_json()
    assert "\n" not in line
    assert Unit.from_json(line) == unit
    assert Unit.from_json(line).identity() == unit.identity()
