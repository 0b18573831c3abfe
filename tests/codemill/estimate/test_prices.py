import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemill.estimate.prices import GIB, Prices, bill

ROUND = Prices("then", "there", 1.0, 0.1, 4.0, 0.001, 25.0, 0.01, 0.02)


def test_each_price_is_of_its_unit() -> None:
    found = bill(2 * 3600.0, 10 * GIB, 100 * GIB, 50 * GIB, ROUND)
    assert found == pytest.approx((2.0, 0.8, 0.05, 0.2, 3.0, 1.0))
    assert found.computing == pytest.approx(3.05)


@given(*[st.floats(0, 1e15)] * 4, st.floats(1, 1e3))
def test_more_of_all_costs_so_many_times_as_much(
    seconds: float, shuffled: float, work: float, snapshot: float, times: float
) -> None:
    one = bill(seconds, shuffled, work, snapshot)
    many = bill(seconds * times, shuffled * times, work * times, snapshot * times)
    assert many == pytest.approx([price * times for price in one])
