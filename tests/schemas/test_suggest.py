from hypothesis import given
from hypothesis import strategies as st

from schemas.suggest import did_you_mean, nearest


def test_the_nearest_name_is_told_whatever_its_case() -> None:
    assert nearest("filterss", ["paths", "filters"]) == "filters"
    assert nearest("350m", ["tiny", "350M"]) == "350M"
    assert did_you_mean("filterss", ["filters"]) == "; did you mean 'filters'?"


def test_nothing_is_told_where_nothing_is_near() -> None:
    assert nearest("zzz", ["paths", "filters"]) is None
    assert did_you_mean("zzz", ["paths"]) == ""
    assert did_you_mean("paths", ["paths"]) == ""


@given(st.text(), st.lists(st.text()))
def test_only_known_names_are_told(word: str, known: list[str]) -> None:
    assert nearest(word, known) in {*known, None}
