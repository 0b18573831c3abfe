import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.verify import verify

SETS = st.lists(st.sets(st.integers(0, 20) | st.just(2**64 - 1), max_size=12), min_size=1, max_size=5)


def flat(sets: list[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([value for one in sets for value in sorted(one)], np.uint64)
    return values, np.cumsum([0, *map(len, sets)])


@given(SETS)
def test_equals_set_arithmetic_for_every_pair(sets: list[set[int]]) -> None:
    higher, lower = (index.ravel() for index in np.indices((len(sets), len(sets))))
    jaccard, containment = verify(*flat(sets), higher, lower)
    for a, b, similarity, contained in zip(higher, lower, jaccard, containment, strict=True):
        one, other = sets[a], sets[b]
        assert similarity == (len(one & other) / len(one | other) if one | other else 0)
        assert contained == (len(one & other) / len(other) if other else 0)


@given(st.integers(0, 2**32), st.integers(0, 120), st.integers(0, 120), st.sampled_from([40, 200, 2**64 - 1]))
def test_equals_set_arithmetic_for_sets_of_many_blocks(seed: int, one: int, other: int, largest: int) -> None:
    rng = np.random.default_rng(seed)
    sets = [set(rng.integers(0, largest, size, np.uint64, endpoint=True).tolist()) for size in (one, other)]
    sets.append(sets[0] | sets[1])
    higher, lower = np.array([0, 1, 0, 2, 2]), np.array([1, 0, 2, 1, 2])
    jaccard, containment = verify(*flat(sets), higher, lower)
    for a, b, similarity, contained in zip(higher, lower, jaccard, containment, strict=True):
        assert similarity == len(sets[a] & sets[b]) / max(len(sets[a] | sets[b]), 1)
        assert contained == len(sets[a] & sets[b]) / max(len(sets[b]), 1)


def test_containment_is_of_the_lower_in_the_higher() -> None:
    jaccard, containment = verify(*flat([{1, 2, 3, 4}, {1, 2}]), np.array([0, 1]), np.array([1, 0]))
    assert jaccard.tolist() == [0.5, 0.5]
    assert containment.tolist() == [1.0, 0.5]


def test_no_pairs_and_sets_from_read_only_memory() -> None:
    values, offsets = flat([{1}, {1}])
    none = np.zeros(0, np.int64)
    assert [part.tolist() for part in verify(values, offsets, none, none)] == [[], []]
    frozen = np.frombuffer(values.tobytes(), np.uint64)
    assert verify(frozen, offsets, np.array([0]), np.array([1]))[0].tolist() == [1.0]


def test_indices_outside_the_sets_are_refused() -> None:
    for higher, lower in (([0], [2]), ([-1], [0])):
        with pytest.raises(IndexError, match="of 2"):
            verify(*flat([{1}, {2}]), np.array(higher), np.array(lower))
    with pytest.raises(ValueError, match="1 higher and 2 lower"):
        verify(*flat([{1}, {2}]), np.array([0]), np.array([1, 1]))
