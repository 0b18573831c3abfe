import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.radix import SMALL, highest_bit, one_run, order_by, refine

VALUES = st.integers(0, 3) | st.integers(0, 2**64 - 1) | st.sampled_from([2**63, 2**64 - 1, 2**32])
TABLES = st.lists(st.tuples(VALUES, VALUES, st.integers(0, 1)), max_size=80)


@given(TABLES)
def test_order_by_equals_a_stable_sort_of_tuples(table: list[tuple[int, ...]]) -> None:
    columns = np.array(table, np.uint64).reshape(-1, 3).T
    order = order_by(*columns)
    assert order.dtype == np.int64
    assert order.tolist() == sorted(range(len(table)), key=table.__getitem__)


@pytest.mark.parametrize("size", [SMALL, SMALL + 1, 2000, 50_000])
@pytest.mark.parametrize("kind", ["hashes", "few", "equal", "ascending", "descending", "two ends", "high", "places"])
def test_every_kind_of_column_is_sorted(size: int, kind: str) -> None:
    rng = np.random.default_rng(size)
    ascending = np.arange(size, dtype=np.uint64)
    column = {
        "hashes": rng.integers(0, 2**64, size, np.uint64),
        "few": rng.integers(0, 5, size, np.uint64) * np.uint64(0x1234567812345678),
        "equal": np.full(size, 2**64 - 1, np.uint64),
        "ascending": ascending,
        "descending": ascending[::-1],
        "two ends": rng.integers(0, 2, size, np.uint64) * np.uint64(2**63) + rng.integers(0, 2, size, np.uint64),
        "high": rng.integers(0, 2**10, size, np.uint64) << np.uint64(54),
        "places": rng.integers(0, 9, size, np.uint64) << np.uint64(32) | rng.integers(0, 700, size, np.uint64),
    }[kind]
    assert (order_by(column) == np.argsort(column, kind="stable")).all()
    index, starts = rng.permutation(size), one_run(size)
    expected = index[np.argsort(column[index], kind="stable")]
    refine(column, index, starts)
    assert (index == expected).all()
    ranked = column[index]
    assert (starts == np.append(1, ranked[1:] != ranked[:-1])).all()


def test_runs_are_sorted_apart() -> None:
    column = np.array([5, 4, 3, 2, 1, 0], np.uint64)
    index, starts = np.arange(6), np.array([1, 0, 0, 1, 1, 0], np.uint8)
    refine(column, index, starts)
    assert index.tolist() == [2, 1, 0, 3, 5, 4]
    assert starts.tolist() == [1] * 6


def test_a_column_of_a_table_need_not_be_contiguous() -> None:
    table = np.array([(3, 0), (1, 0), (2, 0)], [("key", "<u8"), ("other", "<u8")])
    table.flags.writeable = False
    assert order_by(table["key"]).tolist() == [1, 2, 0]


def test_highest_bit() -> None:
    for value in (1, 2, 3, 255, 256, 2**32 - 1, 2**32, 2**63, 2**64 - 1):
        assert highest_bit(np.uint64(value)) == value.bit_length() - 1
    assert highest_bit(np.uint64(0)) == 0
