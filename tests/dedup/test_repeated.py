import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.repeated import repeated_runs


@given(st.lists(st.sampled_from([0, 1, 2, 5, 2**63, 2**64 - 1]), max_size=12))
def test_indices_of_values_that_occur_again(values: list[int]) -> None:
    found = repeated_runs(np.array(values, np.uint64))[0].tolist()
    assert sorted(found) == [i for i, value in enumerate(values) if values.count(value) > 1]
    assert [values[i] for i in found] == sorted(values[i] for i in found)


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=60))
def test_runs_begin_where_the_value_changes(values: list[int]) -> None:
    index, starts = repeated_runs(np.array(values, np.uint64))
    expected = [i for _, i in sorted((value, i) for i, value in enumerate(values) if values.count(value) > 1)]
    assert index.tolist() == expected
    changes = [place == 0 or values[i] != values[expected[place - 1]] for place, i in enumerate(expected)]
    assert starts.tolist() == changes


def test_many_values_of_which_few_are_repeated() -> None:
    values = np.random.default_rng(2).integers(0, 2**24, 60_000, np.uint64) << np.uint64(30)
    unique, counts = np.unique(values, return_counts=True)
    found, _ = repeated_runs(values)
    assert (values[found] == np.repeat(unique[counts > 1], counts[counts > 1])).all()
    assert np.unique(found).size == found.size
