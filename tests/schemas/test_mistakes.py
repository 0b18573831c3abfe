from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.mistakes import LONGEST, in_words, shown


def words(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return in_words(caught.value.errors())


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = Field(gt=0, le=10)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (int, "many", "must be a whole number, not 'many'"),
        (int, 1.5, "must be a whole number, not 1.5"),
        (float, [1], "must be a number, not a list of 1"),
        (bool, "maybe", "must be true or false, not 'maybe'"),
        (str, 5, "must be text, not 5 (in quotes it is text)"),
        (str, None, "must be text, not nothing"),
        (list[int], {"a": 1}, "must be a list, not keys with values"),
        (str | list[int], 5, "must be text or a list, not 5 (in quotes it is text)"),
        (Strict, [], "must be keys with values, not an empty list"),
    ],
)
def test_what_was_expected_and_what_was_found(kind: Any, value: object, said: str) -> None:
    assert words(kind, value) == said


@pytest.mark.parametrize(("size", "said"), [(0, "must be above 0, not 0"), (11, "must be 10 or less, not 11")])
def test_limits(size: int, said: str) -> None:
    assert words(Strict, {"size": size}) == said


def test_a_password_is_not_repeated() -> None:
    assert words(int, "https://me:secret@host/a?key=1") == "must be a whole number, not 'https://host/a'"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_a_value_is_shown_short_and_on_one_line(value: object) -> None:
    assert "\n" not in shown(value)
    assert len(shown(value)) <= 10 * LONGEST  # a character that cannot be printed takes up to ten
