import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.varints import packer, unpacker

WIDTHS = [1, 2, 3, 4]


def plain_varint(value: int, width: int) -> bytes:
    digits = [value >> 7 * k & 0x7F for k in range(width)]
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])


@pytest.mark.parametrize("width", WIDTHS)
@given(data=st.data())
def test_packs_like_the_plain_varint_and_back(width: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2 ** (7 * width) - 1), min_size=1, max_size=20))
    ids = np.array([values], np.int32)
    records = np.zeros((1, 8 + len(values) * width), np.uint8)
    body = records[:, 8:].reshape(1, len(values), width)
    assert packer(width)(ids, body)
    assert body.tobytes() == b"".join(plain_varint(value, width) for value in values)
    back = np.zeros_like(ids)
    assert unpacker(width)(records.reshape(-1), np.zeros(1, np.int64), records.shape[1], 8, back) == -1
    assert back.tolist() == [values]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("bad", [-1, None])
def test_refuses_ids_that_do_not_fit(width: int, bad: int | None) -> None:
    value = 2 ** (7 * width) if bad is None else bad
    assert not packer(width)(np.array([[0, value]], np.int32), np.zeros((1, 2, width), np.uint8))


@pytest.mark.parametrize("width", WIDTHS)
def test_finds_varints_of_another_width(width: int) -> None:
    records = np.zeros((3, 8 + 2 * width), np.uint8)
    packer(width)(np.zeros((3, 2), np.int32), records[:, 8:].reshape(3, 2, width))
    records[1, -1] |= 0x80  # goes on behind its last byte
    ids = np.zeros((2, 2), np.int32)
    assert unpacker(width)(records.reshape(-1), np.array([2, 1]), records.shape[1], 8, ids) == 1
    if width > 1:
        records[1, -1] &= 0x7F
        records[1, -2] &= 0x7F  # ends before its last byte
        assert unpacker(width)(records.reshape(-1), np.array([1, 2]), records.shape[1], 8, ids) == 0
