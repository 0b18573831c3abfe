import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.packing import pack, packing

PLACED = st.builds(lambda block, row: block << 32 | row, st.integers(0, 2**20), st.integers(0, 2**12))
KEYS = st.lists(PLACED | st.integers(0, 2**64 - 1), min_size=1, max_size=6) | st.lists(PLACED, min_size=1, max_size=6)


@given(KEYS)
def test_packed_keys_are_as_many_and_in_the_same_order(keys: list[int]) -> None:
    column = np.array(keys, np.uint64)
    shape = packing(column, column[::-1].copy())
    packed = [int(pack(key, shape.low, shape.high, shape.mask)) for key in column]
    assert all(value < 1 << shape.bits for value in packed)
    assert [a < b for a in packed for b in packed] == [a < b for a in keys for b in keys]


@pytest.mark.parametrize(
    ("keys", "bits"),
    [([7, 7], 0), ([0, 1], 1), ([0, 2], 1), ([5 << 32, 6 << 32 | 3], 4), ([0, 2**64 - 1], 64), ([2**63, 1], 2)],
)
def test_bits_in_which_keys_agree_are_left_out(keys: list[int], bits: int) -> None:
    column = np.array(keys, np.uint64)
    found = packing(column, column)
    assert found.bits == bits
