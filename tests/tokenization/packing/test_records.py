import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenization.packing.records import locate, record_order


@given(st.integers(0, 60), st.integers(0, 20), st.integers(1, 9), st.booleans())
def test_located_ranges_hold_each_place_once(start: int, length: int, context_length: int, overlap: bool) -> None:
    stride = context_length + (not overlap)
    ranges = locate(start, length, context_length, stride)
    assert all(0 <= r.begin < r.end <= context_length + 1 for r in ranges)
    places = [r.record * stride + token for r in ranges for token in range(r.begin, r.end)]
    assert places == list(range(start, start + length))
    if overlap:
        assert all(r.begin > 0 or r.record == 0 for r in ranges), (
            "a place that two records share is where it is predicted"
        )


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_the_order_is_a_permutation_that_the_name_decides(count: int) -> None:
    order = record_order(1, "shards/a", count)
    assert sorted(order.tolist()) == list(range(count))
    assert count < 10 or order.tolist() != record_order(1, "shards/b", count).tolist()
