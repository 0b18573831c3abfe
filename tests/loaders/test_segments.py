import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loaders.segments import positions, segment_ids, target_mask

SEPARATOR = 0
LENGTHS = st.integers(1, 30)


@st.composite
def rows_of_ids(draw: st.DrawFn) -> np.ndarray:
    """Ids [rows, length] where separators are frequent."""
    length = draw(LENGTHS)
    row = st.lists(st.sampled_from([SEPARATOR, 5, 6]), min_size=length, max_size=length)
    return np.array(draw(st.lists(row, min_size=1, max_size=4)), draw(st.sampled_from([np.int32, np.int64, np.uint16])))


def plain_segments(row: list[int]) -> tuple[list[int], list[int]]:
    """(segment, place) of each id, walking over the record."""
    segment, place, found = 1, 0, []
    for value in row:
        found.append((segment, place))
        segment, place = (segment + 1, 0) if value == SEPARATOR else (segment, place + 1)
    return [s for s, _ in found], [p for _, p in found]


def plain_mask(row: list[int]) -> list[bool]:
    return [not (row[i] == SEPARATOR and row[i - 1] == SEPARATOR) for i in range(1, len(row))]


@given(rows_of_ids())
def test_segments_and_positions_are_the_plain_loops(ids: np.ndarray) -> None:
    segments, places = segment_ids(ids, SEPARATOR), positions(ids, SEPARATOR)
    assert segments.dtype == places.dtype == np.int32
    expected = [plain_segments(row) for row in ids.tolist()]
    assert segments.tolist() == [segment for segment, _ in expected]
    assert places.tolist() == [place for _, place in expected]


@given(rows_of_ids())
def test_the_mask_is_the_plain_loop(ids: np.ndarray) -> None:
    assert target_mask(ids, SEPARATOR).tolist() == [plain_mask(row) for row in ids.tolist()]


@given(rows_of_ids())
def test_any_leading_axes_will_do(ids: np.ndarray) -> None:
    for function in (segment_ids, positions, target_mask):
        stacked = function(np.stack([ids, ids])[:, None], SEPARATOR)
        assert (stacked[1, 0] == function(ids, SEPARATOR)).all()
        assert (function(ids[0], SEPARATOR) == function(ids, SEPARATOR)[0]).all()


def test_an_example() -> None:
    #      end of a document | one of two ids | an empty one | padding
    ids = np.array([7, 0, 8, 9, 0, 0, 0, 0])
    assert segment_ids(ids, 0).tolist() == [1, 1, 2, 2, 2, 3, 4, 5]
    assert positions(ids, 0).tolist() == [0, 1, 0, 1, 2, 0, 0, 0]
    assert target_mask(ids, 0).tolist() == [True, True, True, True, False, False, False]
    assert segment_ids(np.array([0, 8]), 0).tolist() == [1, 2]
