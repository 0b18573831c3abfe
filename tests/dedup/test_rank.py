import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.rank import rank_order, total_order

BITS = (8, 8, 20, 28)
FIELDS = st.tuples(*(st.integers(-1, 2**bits + 1) for bits in BITS))


def plain_rank(fields: tuple[int, ...]) -> tuple[int, ...]:
    priority, license_rank, stars, length = (min(max(f, 0), 2**b - 1) for f, b in zip(fields, BITS, strict=True))
    return priority, license_rank, -stars, -length


@given(st.lists(FIELDS, min_size=1, max_size=8))
def test_orders_as_the_plain_tuples(documents: list[tuple[int, ...]]) -> None:
    order = rank_order(*np.array(documents).T)
    assert order.dtype == np.uint64
    for one, a in zip(documents, order.tolist(), strict=True):
        for other, b in zip(documents, order.tolist(), strict=True):
            assert (a < b) == (plain_rank(one) < plain_rank(other))
            assert (a == b) == (plain_rank(one) == plain_rank(other))


def test_the_layout_of_the_bits() -> None:
    assert rank_order([0], [0], [2**20 - 1], [2**28 - 1]).tolist() == [0]
    assert rank_order([255], [255], [0], [0]).tolist() == [2**64 - 1]
    assert rank_order([1], [2], [2**20 - 1 - 3], [2**28 - 1 - 4]).tolist() == [1 << 56 | 2 << 48 | 3 << 28 | 4]


def test_fields_take_small_types_and_single_values() -> None:
    stars = np.array([5, 300_000], np.int32)
    length = np.array([10, 20], np.int64)
    expected = rank_order([3, 3], [1, 1], [5, 300_000], [10, 20])
    assert rank_order(3, np.array([1, 1], np.uint8), stars, length).tolist() == expected.tolist()
    assert rank_order(0, 0, np.zeros(0, np.int32), np.zeros(0, np.int64)).shape == (0,)


def test_fractions_are_refused() -> None:
    with pytest.raises(TypeError, match="float64"):
        rank_order([0.5], [0], [0], [0])


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), unique=True))
def test_total_order_compares_rank_then_id_then_key(documents: list[tuple[int, int, int]]) -> None:
    order, id_hash, keys = np.array(documents, np.uint64).reshape(-1, 3).T
    assert [documents[i] for i in total_order(order, id_hash, keys)] == sorted(documents)
