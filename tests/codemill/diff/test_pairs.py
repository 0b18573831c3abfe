from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codemill.diff.pairs import equal_keys

keys = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2**64 - 1])), max_size=30)


def as_array(rows: list[tuple[int, int]]) -> np.ndarray:
    return np.array(rows, np.uint64).reshape(-1, 2)


@given(keys, keys)
def test_the_kth_of_a_key_comes_with_the_kth(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    found = equal_keys(as_array(one), as_array(other))
    expected = []
    seen: Counter[tuple[int, int]] = Counter()
    for row, key in enumerate(one):
        partners = [place for place, candidate in enumerate(other) if candidate == key]
        if seen[key] < len(partners):
            expected.append((row, partners[seen[key]]))
        seen[key] += 1
    assert sorted(zip(*(rows.tolist() for rows in found), strict=True)) == expected
