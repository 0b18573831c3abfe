import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenization.piece_bytes import PieceBytes

PIECES = [b"", b"a", b"\xff\x00", b"long piece", "é".encode()]


@given(st.lists(st.integers(0, 4), max_size=30))
def test_bytes_are_joined_in_order(ids: list[int]) -> None:
    assert PieceBytes(PIECES).join(np.array(ids, np.uint32)) == b"".join(PIECES[i] for i in ids)


@pytest.mark.parametrize("bad", [-1, 5])
def test_an_unknown_id_is_an_error(bad: int) -> None:
    with pytest.raises(IndexError, match="among 5"):
        PieceBytes(PIECES).join(np.array([1, bad]))
