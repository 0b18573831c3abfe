import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.candidates import CandidateStats, candidate_pairs

# band key, order, id hash; the key is the position
DOCUMENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), max_size=16)


def columns(
    documents: list[tuple[int, ...]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(documents, np.uint64).reshape(-1, 4)
    return table[:, 0], table[:, 3], table[:, 1], table[:, 2]


def plain_pairs(documents: list[tuple[int, ...]], cap: int) -> tuple[list[tuple[int, int]], CandidateStats]:
    buckets: dict[int, list[tuple[int, ...]]] = {}
    for band_key, *rank in sorted(documents):
        buckets.setdefault(band_key, []).append(tuple(rank))
    pairs = []
    for ranks in buckets.values():
        for place, lower in enumerate(ranks):
            better = ranks[:place] if len(ranks) <= cap else ranks[: min(place, cap)]
            pairs += [(higher[2], lower[2]) for higher in better]
    sizes = [len(ranks) for ranks in buckets.values() if len(ranks) > 1]
    capped = sum(size > cap for size in sizes)
    return pairs, CandidateStats(len(sizes), capped, max(sizes, default=0), len(pairs))


@given(DOCUMENTS, st.integers(1, 6), st.randoms(use_true_random=False))
def test_equals_the_plain_pairs_in_any_input_order(documents: list[tuple[int, ...]], cap: int, random: object) -> None:
    keyed = [(*document, 100 + key) for key, document in enumerate(documents)]
    for _ in range(2):
        higher, lower, stats = candidate_pairs(*columns(keyed), cap)
        assert higher.dtype == lower.dtype == np.uint64
        assert (list(zip(higher.tolist(), lower.tolist(), strict=True)), stats) == plain_pairs(keyed, cap)
        random.shuffle(keyed)  # type: ignore[attr-defined]


def test_a_bucket_of_two_hundred_thousand_is_bounded() -> None:
    n, cap = 200_000, 8
    keys = np.arange(n, dtype=np.uint64)
    order = keys[::-1].copy()
    higher, lower, stats = candidate_pairs(np.zeros(n, np.uint64), keys, order, keys, cap)
    assert stats == CandidateStats(1, 1, n, cap * (cap - 1) // 2 + (n - cap) * cap)
    assert set(higher.tolist()) == set(range(n - cap, n))
    assert np.unique(lower).size == n - 1
    assert (order[higher] < order[lower]).all()


def test_a_cap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cap of 0"):
        candidate_pairs(*columns([]), 0)
