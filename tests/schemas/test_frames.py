import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.crc import crc32c_rows, masked_crc32c
from schemas.frames import TAIL_BYTES, first_broken, write_tails

HEADER = np.frombuffer(b"head", np.uint8)
SIZE = 12


def framed(payloads: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Records `head | payload of 4 bytes | CRC`, and the plain CRCs of the payloads."""
    records = np.zeros((len(payloads), SIZE), np.uint8)
    records[:, :4] = HEADER
    records[:, 4:8] = np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, 4)
    crcs = crc32c_rows(records[:, 4:8])
    write_tails(records.reshape(-1), SIZE, crcs)
    return records, crcs


@given(st.lists(st.binary(min_size=4, max_size=4), max_size=5))
def test_tails_are_masked_and_little_endian(payloads: list[bytes]) -> None:
    records, _ = framed(payloads)
    tails = [masked_crc32c(payload).to_bytes(4, "little") for payload in payloads]
    assert [record[-TAIL_BYTES:].tobytes() for record in records] == tails


@given(st.lists(st.binary(min_size=4, max_size=4), min_size=1, max_size=5), st.data())
def test_a_changed_header_or_tail_is_found(payloads: list[bytes], data: st.DataObject) -> None:
    records, crcs = framed(payloads)
    rows = np.array(data.draw(st.lists(st.integers(0, len(payloads) - 1), max_size=6)), np.int64)
    assert first_broken(records.reshape(-1), rows, SIZE, HEADER, crcs[rows]) == -1
    broken = data.draw(st.integers(0, len(payloads) - 1))
    records[broken, data.draw(st.sampled_from([*range(4), *range(8, 12)]))] ^= 1 << data.draw(st.integers(0, 7))
    expected = rows.tolist().index(broken) if broken in rows else -1
    assert first_broken(records.reshape(-1), rows, SIZE, HEADER, crcs[rows]) == expected
