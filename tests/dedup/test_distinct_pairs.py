import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.distinct_pairs import distinct_pairs

# Block and row numbers, as in document keys; and keys that differ in too many bits to be packed.
PLACED = st.builds(lambda block, row: block << 32 | row, st.integers(7, 9), st.integers(0, 3))
WIDE = st.sampled_from([0, 1, 2**32, 2**63, 2**64 - 1])


def pairs_of(keys: st.SearchStrategy[int]) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(keys, keys), max_size=30)


def plain_distinct(pairs: list[tuple[int, int]]) -> list[int]:
    first: dict[tuple[int, int], int] = {}
    for row, pair in enumerate(pairs):
        first.setdefault(pair, row)
    return [first[pair] for pair in sorted(first)]


@given(pairs_of(PLACED) | pairs_of(WIDE) | pairs_of(PLACED | WIDE))
def test_the_first_of_each_pair_in_their_order(pairs: list[tuple[int, int]]) -> None:
    higher, lower = np.array(pairs, np.uint64).reshape(-1, 2).T
    found = distinct_pairs(higher, lower)
    assert found.dtype == np.int64
    assert found.tolist() == plain_distinct(pairs)


@pytest.mark.parametrize("shift", [0, 20, 50])
@pytest.mark.parametrize("documents", [2, 40, 3000])
def test_many_pairs_of_few_and_of_many_documents(documents: int, shift: int) -> None:
    # 3000 documents: so many distinct pairs that the table grows several times.
    rng = np.random.default_rng(documents)
    numbers = rng.integers(0, documents, (60_000, 2), np.uint64)
    higher, lower = ((numbers >> np.uint64(5) << np.uint64(shift + 5)) | numbers & np.uint64(31)).T
    _, expected = np.unique(np.stack([higher, lower], axis=1), axis=0, return_index=True)
    assert (distinct_pairs(higher, lower) == expected).all()


def test_the_widest_keys_that_are_packed() -> None:
    for bits in (31, 32):
        largest = (1 << bits) - 1
        keys = np.array([largest, 0, largest, largest, 0], np.uint64)
        assert distinct_pairs(keys, keys).tolist() == [1, 0]


def test_pairs_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 higher and 1 lower"):
        distinct_pairs(np.zeros(2, np.uint64), np.zeros(1, np.uint64))
