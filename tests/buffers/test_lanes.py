import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from buffers.kernel import kernel
from buffers.lanes import BLOCK, LANES, any_equal, common_of_blocks

SMALL = st.integers(0, 60) | st.just(2**32 - 1)


@kernel
def call_any_equal(one: np.ndarray, i: int, other: np.ndarray, j: int) -> bool:
    return any_equal(one, i, other, j)


@kernel
def call_common_of_blocks(values: np.ndarray, i: int, j: int) -> int:
    return common_of_blocks(values, i, j)


@given(st.lists(SMALL, min_size=20, max_size=20), st.lists(SMALL, min_size=20, max_size=20), st.integers(0, 4))
def test_any_equal_compares_lane_by_lane(one: list[int], other: list[int], i: int) -> None:
    j = 4 - i
    expected = any(one[i + lane] == other[j + lane] for lane in range(LANES))
    assert call_any_equal(np.array(one, np.uint32).reshape(2, 10), i, np.array(other, np.uint32), j) == expected


@given(
    st.lists(st.integers(0, 30) | st.just(2**64 - 1), min_size=17, max_size=17, unique=True),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_common_of_blocks_counts_the_values_of_one_in_the_other(values: list[int], i: int, j: int) -> None:
    common = set(values[i : i + BLOCK]) & set(values[j : j + BLOCK])
    assert call_common_of_blocks(np.array(values, np.uint64), i, j) == len(common)
