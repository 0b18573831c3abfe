import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.varints import packer, unpacker

WIDTHS = [1, 2, 3, 4]
START, TAIL = 16, 5
"""Bytes of a record before and behind its ids."""


def plain_varint(value: int, width: int) -> bytes:
    digits = [value >> 7 * k & 0x7F for k in range(width)]
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])


def blank(rows: int, columns: int, width: int) -> np.ndarray:
    return np.full((rows, START + columns * width + TAIL), 0xEE, np.uint8)


def packed(ids: np.ndarray, width: int) -> np.ndarray:
    records = blank(len(ids), ids.shape[1], width)
    assert packer(width)(ids.astype(np.uint32), records.reshape(-1), records.shape[1], START)
    return records


def first_wrong(records: np.ndarray, rows: list[int], columns: int, width: int) -> int:
    ids = np.empty((len(rows), columns), np.int32)
    return unpacker(width)(records.reshape(-1), np.array(rows), records.shape[1], START, ids, np.arange(len(rows)))


# Rows of fewer ids than a vector holds, of whole vectors, and of both.
@pytest.mark.parametrize("width", WIDTHS)
@given(rows=st.integers(0, 4), columns=st.integers(1, 70), seed=st.integers(0, 99))
def test_packs_like_the_plain_varint_and_back(width: int, rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    ids = random.integers(0, 2 ** (7 * width), (rows, columns)) >> random.integers(0, 7 * width, (rows, columns))
    records = packed(ids, width)
    body = records[:, START : START + columns * width]
    assert body.tobytes() == b"".join(plain_varint(value, width) for value in ids.ravel().tolist())
    assert (records[:, :START] == 0xEE).all() and (records[:, -TAIL:] == 0xEE).all()
    order, places = random.permutation(rows), random.permutation(rows)
    back = np.zeros((rows, columns), np.int32)
    assert unpacker(width)(records.reshape(-1), order, records.shape[1], START, back, places) == -1
    assert (back[places] == ids[order]).all()


@pytest.mark.parametrize("width", WIDTHS)
@given(columns=st.integers(1, 40), data=st.data())
def test_refuses_an_id_that_does_not_fit_wherever_it_is(width: int, columns: int, data: st.DataObject) -> None:
    ids = np.full((2, columns), 2 ** (7 * width) - 1, np.uint32)
    place = data.draw(st.integers(0, 1)), data.draw(st.integers(0, columns - 1))
    ids[place] = data.draw(st.integers(2 ** (7 * width), 2**32 - 1))
    records = blank(2, columns, width)
    assert not packer(width)(ids, records.reshape(-1), records.shape[1], START)


@pytest.mark.parametrize("width", WIDTHS)
@given(columns=st.integers(1, 40), data=st.data())
def test_finds_a_varint_of_another_width_wherever_it_is(width: int, columns: int, data: st.DataObject) -> None:
    records = packed(np.full((3, columns), 2 ** (7 * width) - 1), width)
    assert first_wrong(records, [2, 1], columns, width) == -1
    # A last byte that announces another, or an earlier one that does not.
    records[1, START + data.draw(st.integers(0, columns * width - 1))] ^= 0x80
    assert first_wrong(records, [2, 1], columns, width) == 1
    assert first_wrong(records, [1, 2], columns, width) == 0
