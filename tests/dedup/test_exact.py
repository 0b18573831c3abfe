import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.exact import exact_duplicates

SMALL = st.integers(0, 2)
# hash high, hash low, order, id hash; the key is the position
DOCUMENTS = st.lists(st.tuples(SMALL, SMALL, SMALL, SMALL), max_size=12)


def columns(documents: list[tuple[int, ...]]) -> tuple[np.ndarray, ...]:
    table = np.array(documents, np.uint64).reshape(-1, 5)
    return np.ascontiguousarray(table[:, :2]), table[:, 4], table[:, 2], table[:, 3]


def plain_exact(documents: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    best: dict[tuple[int, int], tuple[int, ...]] = {}
    for high, low, *rank in documents:
        best[high, low] = min(best.get((high, low), tuple(rank)), tuple(rank))
    pairs = ((key, best[high, low][2]) for high, low, _, _, key in documents)
    return sorted((key, kept) for key, kept in pairs if key != kept)


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_equals_the_plain_groups_in_any_input_order(documents: list[tuple[int, ...]], random: object) -> None:
    keyed = [(*document, 100 + key) for key, document in enumerate(documents)]
    expected = plain_exact(keyed)
    for _ in range(2):
        dropped, kept = exact_duplicates(*columns(keyed))
        assert dropped.dtype == kept.dtype == np.uint64
        assert list(zip(dropped.tolist(), kept.tolist(), strict=True)) == expected
        random.shuffle(keyed)  # type: ignore[attr-defined]


def test_half_of_a_hash_in_common_is_not_enough() -> None:
    dropped, _ = exact_duplicates(*columns([(7, 1, 0, 0, 1), (7, 2, 0, 0, 2), (8, 1, 0, 0, 3)]))
    assert dropped.size == 0


def test_two_hundred_thousand_copies_keep_the_best() -> None:
    n = 200_000
    order = np.arange(n, dtype=np.uint64)[::-1] // np.uint64(2)
    ids = np.arange(n, dtype=np.uint64)
    dropped, kept = exact_duplicates(np.zeros((n, 2), np.uint64), ids, order, ids)
    assert dropped.tolist() == [key for key in range(n) if key != n - 2]
    assert set(kept.tolist()) == {n - 2}
