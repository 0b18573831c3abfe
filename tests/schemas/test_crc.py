import google_crc32c
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.crc import crc32c_rows, masked_crc32c


def plain_crc32c(data: bytes) -> int:
    """CRC-32C bit by bit, polynomial 0x1EDC6F41 reflected (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def plain_masked(data: bytes) -> int:
    crc = plain_crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) % 2**32


def test_check_value_of_the_polynomial() -> None:
    assert plain_crc32c(b"123456789") == 0xE3069283 == google_crc32c.value(b"123456789")


@given(st.binary(max_size=100))
def test_masked_crc_is_the_plain_one(data: bytes) -> None:
    assert masked_crc32c(data) == plain_masked(data)


@given(st.lists(st.binary(min_size=5, max_size=5), max_size=6))
def test_rows_are_summed_alone(rows: list[bytes]) -> None:
    table = np.frombuffer(b"".join(b"xx" + row + b"y" for row in rows), np.uint8).reshape(-1, 8)
    assert crc32c_rows(table[:, 2:-1]).tolist() == [plain_crc32c(row) for row in rows]
