import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.blobs import DROP_ROW, join_blobs, rows, split_by


@given(st.lists(st.integers(0, 9), max_size=50))
def test_split_blobs_hold_every_row_once_in_order(groups: list[int]) -> None:
    keys = np.arange(len(groups), dtype=np.uint64)
    nothing = np.zeros(len(groups))
    table = rows(DROP_ROW, key=keys, kept_key=keys, jaccard=nothing, containment=nothing)
    found = dict(split_by(np.array(groups, np.uint64), table))
    assert list(found) == sorted(set(groups))
    for group, blob in found.items():
        assert join_blobs(DROP_ROW, [blob])["key"].tolist() == [i for i, g in enumerate(groups) if g == group]


def test_no_blobs_are_no_rows() -> None:
    assert len(join_blobs(DROP_ROW, [])) == 0
