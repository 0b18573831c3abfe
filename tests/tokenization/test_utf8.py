import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tokenization.utf8 import character_bytes, checked_code_point

BYTES = [0x01, 0x61, 0x7F, 0x80, 0xA0, 0xBF, 0xC0, 0xC1, 0xC3, 0xDF, 0xE0, 0xE2, 0xEF, 0xF0, 0xF4, 0xF8, 0xFF]


def padded(data: bytes) -> np.ndarray:
    return np.frombuffer(bytearray(data + bytes(64)), np.uint8)


@given(st.characters(exclude_categories=["Cs"]))
def test_a_character_is_its_code_point_where_it_is_complete(character: str) -> None:
    data = character.encode()
    assert checked_code_point(padded(data), 0, len(data)) == ord(character)
    assert character_bytes(data[0]) == len(data)
    if len(data) > 1:
        assert checked_code_point(padded(data), 0, len(data) - 1) == -1


def test_bytes_that_spell_no_character_have_none() -> None:
    for data in map(bytes, itertools.product(BYTES, repeat=4)):
        point = checked_code_point(padded(data), 0, len(data))
        if point >= 0 and not 0xD800 <= point < 0xE000 and point < 0x110000:
            assert data.startswith(chr(point).encode())
        else:
            assert not any(decodes(data[:size]) for size in range(1, 5))


def decodes(data: bytes) -> bool:
    try:
        return len(data.decode()) == 1
    except UnicodeDecodeError:
        return False
