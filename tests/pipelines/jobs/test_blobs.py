from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.duplicates.candidates import REQUEST_ROW
from pipelines.jobs.blobs import read_arrays, read_rows, receive, rows, send, split_by, write_arrays, write_rows
from pipelines.jobs.exchange import Exchange


@given(st.lists(st.integers(0, 9), max_size=50))
def test_every_row_arrives_once_in_order(groups: list[int]) -> None:
    table = rows(REQUEST_ROW, key=np.arange(len(groups), dtype=np.uint64))
    assert not table["bucket"].any()
    found = dict(send(Exchange(None), "name", np.array(groups, np.uint64), table))
    assert list(found) == sorted(set(groups))
    for group, value in found.items():
        assert receive(REQUEST_ROW, [value])["key"].tolist() == [i for i, g in enumerate(groups) if g == group]


def test_rows_travel_through_files(tmp_path: Path) -> None:
    table = rows(REQUEST_ROW, key=np.array([1, 2, 3], np.uint64))
    groups = np.array([1, 0, 1])
    found = dict(send(Exchange(str(tmp_path)), "name", groups, table))
    assert [receive(REQUEST_ROW, [found[group]])["key"].tolist() for group in (0, 1)] == [[2], [1, 3]]
    assert not list(send(Exchange(str(tmp_path)), "nothing", groups[:0], table[:0]))


def test_no_values_are_no_rows() -> None:
    assert len(receive(REQUEST_ROW, [])) == 0
    assert not list(split_by(np.zeros(0), np.zeros(0, REQUEST_ROW)))


def test_kept_rows_are_read_back(tmp_path: Path) -> None:
    table = rows(REQUEST_ROW, key=np.array([1, 2], np.uint64))
    write_rows(str(tmp_path / "rows.npy"), table)
    assert read_rows(str(tmp_path / "rows.npy")).tolist() == table.tolist()


def test_kept_arrays_are_read_back_in_their_order(tmp_path: Path) -> None:
    arrays = [np.arange(3), np.zeros(0, np.bool_), np.array([7], np.uint64)]
    write_arrays(str(tmp_path / "arrays.npz"), *arrays)
    read = read_arrays(str(tmp_path / "arrays.npz"))
    assert [(a.dtype, a.tolist()) for a in read] == [(a.dtype, a.tolist()) for a in arrays]
