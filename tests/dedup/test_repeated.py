import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.repeated import repeated


@given(st.lists(st.sampled_from([0, 1, 2, 5, 2**63, 2**64 - 1]), max_size=12))
def test_indices_of_values_that_occur_again(values: list[int]) -> None:
    found = repeated(np.array(values, np.uint64)).tolist()
    assert sorted(found) == [i for i, value in enumerate(values) if values.count(value) > 1]
    assert [values[i] for i in found] == sorted(values[i] for i in found)
