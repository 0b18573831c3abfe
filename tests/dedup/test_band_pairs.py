import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.band_pairs import band_pairs
from dedup.candidates import candidate_pairs

Table = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Found = tuple[list[tuple[int, int]], int, int, int]


@st.composite
def documents(draw: st.DrawFn) -> Table:
    n, bands = draw(st.integers(0, 12)), draw(st.sampled_from([1, 3, 17, 33]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    band_keys = rng.integers(0, draw(st.integers(1, 6)), (n, bands), np.uint64)
    keys = rng.permutation(n).astype(np.uint64) + np.uint64(100)
    return band_keys, keys, rng.integers(0, 3, n, np.uint64), rng.integers(0, 3, n, np.uint64)


def band_by_band(table: Table, cap: int) -> Found:
    """Pairs in the order of their first band, without the later ones."""
    band_keys, keys, order, id_hash = table
    pairs: dict[tuple[int, int], None] = {}
    buckets = capped = largest = 0
    for band in range(band_keys.shape[1]):
        higher, lower, stats = candidate_pairs(band_keys[:, band], keys, order, id_hash, cap)
        pairs.update(dict.fromkeys(zip(higher.tolist(), lower.tolist(), strict=True)))
        buckets, capped = buckets + stats.buckets, capped + stats.capped_buckets
        largest = max(largest, stats.largest_bucket)
    return list(pairs), buckets, capped, largest


def at_once(table: Table, cap: int) -> Found:
    higher, lower, stats = band_pairs(*table, cap)
    assert higher.dtype == lower.dtype == np.uint64
    assert stats.pairs == higher.size
    pairs = list(zip(higher.tolist(), lower.tolist(), strict=True))
    return pairs, stats.buckets, stats.capped_buckets, stats.largest_bucket


@given(documents(), st.integers(1, 6), st.randoms(use_true_random=False))
def test_equals_the_bands_one_by_one_in_any_input_order(table: Table, cap: int, random: object) -> None:
    expected = band_by_band(table, cap)
    assert at_once(table, cap) == expected
    places = list(range(table[1].size))
    random.shuffle(places)  # type: ignore[attr-defined]
    band_keys, keys, order, id_hash = (column[places] for column in table)
    assert at_once((band_keys, keys, order, id_hash), cap) == expected


def test_a_pair_that_the_cap_forbids_in_one_band_is_made_in_another() -> None:
    # All three in the first bucket, of which only 10 is among the best; the second band has 11 and 12 alone.
    band_keys = np.array([[7, 1], [7, 2], [7, 2]], np.uint64)
    keys, rank = np.array([10, 11, 12], np.uint64), np.arange(3, dtype=np.uint64)
    assert at_once((band_keys, keys, rank, rank), 1)[0] == [(10, 11), (10, 12), (11, 12)]


def test_documents_equal_in_all_bands_make_no_more_pairs_than_in_one() -> None:
    n, cap = 20_000, 8
    keys = np.arange(n, dtype=np.uint64)
    higher, lower, stats = band_pairs(np.zeros((n, 32), np.uint64), keys, keys[::-1], keys, cap)
    assert higher.size == cap * (cap - 1) // 2 + (n - cap) * cap
    assert (stats.buckets, stats.capped_buckets, stats.largest_bucket) == (32, 32, n)
    assert set(higher.tolist()) == set(range(n - cap, n)) and np.unique(lower).size == n - 1


def test_a_cap_of_nothing_is_refused() -> None:
    none = np.zeros(0, np.uint64)
    with pytest.raises(ValueError, match="cap of 0"):
        band_pairs(np.zeros((0, 32), np.uint64), none, none, none, 0)
