import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codemill.report.binning import Scale, scale_of


@given(st.booleans(), st.lists(st.floats(0, 1e15), max_size=20))
def test_a_value_lies_in_its_bin(wide: bool, values: list[float]) -> None:
    scale = Scale(wide)
    for value in values if wide else [value / 1e15 for value in values]:
        (at,) = np.flatnonzero(scale.count(np.array([value])))
        assert scale.edge(int(at)) <= value * (1 + 1e-6) + 1e-6
        assert value <= scale.edge(int(at) + 1) * (1 + 1e-6) + 1e-6


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)))
def test_every_number_is_counted_once(values: list[float]) -> None:
    found = np.array(values, np.float64)
    for wide in (False, True):
        assert Scale(wide).count(found).sum() == np.isfinite(found).sum()


def test_shares_are_even_and_lengths_are_not() -> None:
    assert not scale_of("digit_share").wide and not scale_of("language_probability").wide
    assert scale_of("longest_line").wide and scale_of("characters_per_token").wide
