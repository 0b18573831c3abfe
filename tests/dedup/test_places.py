import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.places import Places

KEYS = st.integers(0, 40) | st.sampled_from([2**32, 2**63, 2**64 - 1])


@given(st.lists(KEYS, unique=True, max_size=40), st.lists(KEYS, max_size=150))
def test_equals_a_dictionary(keys: list[int], wanted: list[int]) -> None:
    expected = [keys.index(key) if key in keys else -1 for key in wanted]
    places, missing = Places(np.array(keys, np.uint64)).of(np.array(wanted, np.uint64))
    assert places.dtype == np.int64
    assert (places.tolist(), missing) == (expected, expected.count(-1))


def test_many_keys() -> None:
    keys = np.random.default_rng(1).permutation(100_000).astype(np.uint64) << np.uint64(20)
    places, missing = Places(keys).of(keys[::-1])
    assert missing == 0 and (places == np.arange(keys.size)[::-1]).all()


def test_a_key_that_stands_twice_is_refused() -> None:
    for keys in ([0, 0], [5, 1, 5]):
        with pytest.raises(ValueError, match="listed twice"):
            Places(np.array(keys, np.uint64))
