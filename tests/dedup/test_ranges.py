import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.ranges import range_of


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.integers(1, 10_000))
def test_ranges_are_equal_parts_in_order(hashes: list[int], ranges: int) -> None:
    found = range_of(np.array(hashes, np.uint64), ranges)
    assert found.tolist() == [(h >> 32) * ranges >> 32 for h in hashes]
    assert found.max() < ranges
    assert (np.diff(range_of(np.sort(np.array(hashes, np.uint64)), ranges).astype(np.int64)) >= 0).all()
