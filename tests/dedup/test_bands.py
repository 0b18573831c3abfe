import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.bands import BANDS, ROWS, band_keys
from tests.dedup.plain import GOLDEN_RATIO, MASK, fold

STEP = 0x3C6EF372FE94F82B


def finalise(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def plain_keys(signature: list[int], bands: int, rows: int) -> list[int]:
    keys = []
    for band in range(bands):
        key = finalise((GOLDEN_RATIO + band) & MASK)
        for value in signature[band * rows : (band + 1) * rows]:
            key = fold(key ^ value, STEP) ^ GOLDEN_RATIO
        keys.append(finalise(key))
    return keys


@given(st.integers(0, 2**32), st.integers(0, 4), st.sampled_from([(32, 8), (25, 10), (1, 256), (256, 1), (9, 13)]))
def test_equals_the_plain_keys(seed: int, documents: int, shape: tuple[int, int]) -> None:
    signatures = np.random.default_rng(seed).integers(0, 2**32, (documents, 256), np.uint32)
    keys = band_keys(signatures, *shape)
    assert keys.dtype == np.uint64 and keys.shape == (documents, shape[0])
    assert keys.tolist() == [plain_keys(signature, *shape) for signature in signatures.tolist()]


def test_a_bin_changes_the_key_of_its_band_only() -> None:
    signatures = np.zeros((257, 256), np.uint32)
    signatures[np.arange(1, 257), np.arange(256)] = 1
    keys = band_keys(signatures)
    changed = keys[1:] != keys[0]
    assert (changed == (np.arange(256)[:, None] // 8 == np.arange(32))).all()
    assert np.unique(keys).size == 32 + 256  # equal bins in different bands or places do not give equal keys


def test_bands_that_do_not_fit_are_refused() -> None:
    for bands, rows in ((33, 8), (0, 8), (8, 0)):
        with pytest.raises(ValueError, match="do not fit 256 bins"):
            band_keys(np.zeros((1, 256), np.uint32), bands, rows)


def detection_probability(jaccard: float) -> float:
    """As the docstring of `ROWS` says."""
    return float(1 - (1 - jaccard**ROWS) ** BANDS)


def test_the_chance_that_the_documentation_names() -> None:
    assert detection_probability(0.7) == pytest.approx(0.8504, abs=1e-4)
    assert detection_probability(0.8) == pytest.approx(0.9972, abs=1e-4)


def test_detection_follows_the_formula() -> None:
    # Bins that agree independently with probability 0.7: the share of pairs with a common band, +- 4 deviations.
    rng = np.random.default_rng(3)
    left = rng.integers(0, 2**32, (4000, 256), np.uint32)
    right = np.where(rng.random(left.shape) < 0.7, left, left ^ np.uint32(1))
    found = (band_keys(left) == band_keys(right)).any(axis=1).mean()
    assert found == pytest.approx(detection_probability(0.7), abs=0.023)
