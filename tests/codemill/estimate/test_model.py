import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemill.estimate.model import (
    Amounts,
    Measured,
    Quantity,
    Search,
    Term,
    by_step,
    fit,
    least,
    line_through,
    predict,
    scaled,
    searched,
    total,
)

CPU = Term("harvest", Quantity.CPU, "text")
SHARDS = Term("shard", Quantity.SNAPSHOT, "placed")
amount = st.floats(0, 1e12)
positive = st.floats(1, 1e12)


@given(amount, amount, amount, amount, st.floats(1, 1e6))
def test_costs_recover_what_was_planted(fixed: float, slope: float, x: float, more: float, times: float) -> None:
    slope /= 1e12
    small, large = Amounts(text=x), Amounts(text=x + more + 1)
    builds = [Measured(a, {CPU: fixed + slope * a.text}) for a in (small, large)]
    whole = large.times(times)
    predicted = predict(fit(*builds), whole)[CPU]
    wanted = fixed + slope * whole.text
    # What rounding leaves of the difference between the builds grows with the distance.
    rounding = 1e-15 * (fixed + slope * large.text) * whole.text / (more + 1)
    assert predicted == pytest.approx(wanted, rel=1e-6, abs=10 * rounding + 1e-9)


@given(amount, amount, amount, amount, amount, amount)
def test_no_measurement_makes_a_larger_build_cheaper(
    x: float, y: float, larger_x: float, larger_y: float, one: float, other: float
) -> None:
    line = line_through(x, y, larger_x, larger_y)
    assert line.fixed >= 0 and line.slope >= 0
    assert line.at(min(one, other)) <= line.at(max(one, other))


@given(amount, amount, positive, amount)
def test_the_larger_build_is_met(x: float, y: float, larger_x: float, larger_y: float) -> None:
    assert line_through(x, y, larger_x, larger_y).at(larger_x) == pytest.approx(larger_y)


def test_a_cost_without_a_driver_is_fixed() -> None:
    assert line_through(0, 3, 0, 5).at(1e9) == 5


def test_of_two_measurements_the_lesser_stands() -> None:
    one, other = (Measured(Amounts(), {CPU: cpu, SHARDS: size}) for cpu, size in ((1.0, 9.0), (2.0, 8.0)))
    assert least(one, other).values == {CPU: 1.0, SHARDS: 8.0}


def test_a_source_is_scaled_by_its_text() -> None:
    sample = Amounts(text=100, documents=10, compared=8, kept=50, tokens=20, placed=30)
    assert scaled(sample, 1000, None) == sample.times(10)


def test_a_known_share_replaces_the_samples() -> None:
    sample = Amounts(text=100, documents=10, compared=8, kept=50, tokens=20, placed=30)
    found = scaled(sample, 1000, 0.05)
    assert found == pytest.approx(Amounts(text=1000, documents=100, compared=80, kept=50, tokens=20, placed=30))


def test_nothing_sampled_is_nothing() -> None:
    assert scaled(Amounts(), 1000, 0.5) == Amounts()


SEARCH = Search(rows=1000.0, shingles=30_000.0)


def shuffled(compared: float, candidates: float) -> Amounts:
    return Amounts(compared=compared, searched=SEARCH.rows * compared + candidates)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_pairs_go_on_growing_as_they_grew(power: float) -> None:
    small, full = shuffled(1000, 8e3), shuffled(4000, 8e3 * 4**power)
    found = searched(small, full, Amounts(compared=8000), SEARCH)
    assert found == pytest.approx(SEARCH.rows * 8000 + 8e3 * 8**power)


def test_no_more_shingles_travel_than_there_are() -> None:
    small, full = shuffled(1000, 8e3), shuffled(4000, 128e3)
    found = searched(small, full, Amounts(compared=1e12), SEARCH)
    assert found == pytest.approx((SEARCH.rows + SEARCH.shingles) * 1e12)


@given(amount, amount, positive, positive, positive, positive)
def test_a_larger_corpus_shuffles_no_less(
    pairs: float, more: float, documents: float, others: float, one: float, other: float
) -> None:
    small, full = shuffled(documents, pairs), shuffled(documents + others, pairs + more)
    less, most = (searched(small, full, Amounts(compared=compared), SEARCH) for compared in sorted((one, other)))
    assert 0 <= less <= most * (1 + 1e-9)


def test_amounts_and_steps_add_up() -> None:
    assert total([Amounts(text=1, tokens=2), Amounts(text=3)]) == Amounts(text=4, tokens=2)
    values = {CPU: 1.0, CPU._replace(driver="kept"): 2.0, SHARDS: 4.0}
    assert by_step(values, Quantity.CPU) == {"harvest": 3.0}
