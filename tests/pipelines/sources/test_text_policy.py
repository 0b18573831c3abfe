from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.sources.text_policy import check_texts
from schemas.reasons import Reject

MARK = b"\xef\xbb\xbf"


def reference(text: bytes, limit: int) -> tuple[bytes, Reject | None]:
    stripped = text.removeprefix(MARK)
    if len(text) > limit:
        return stripped, Reject.TOO_LARGE
    if not stripped:
        return stripped, Reject.EMPTY_DOCUMENT
    try:
        stripped.decode()
    except UnicodeDecodeError:
        try:
            stripped.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return stripped, Reject.NOT_UTF8
        return stripped, Reject.LONE_SURROGATE
    return stripped, Reject.NUL_BYTE if b"\0" in stripped else None


_TRICKY = st.sampled_from(
    [
        *(b"", b"a", b"\0", MARK, MARK[:2], b"\xff", b"\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98"),
        *(b"\xed\xa0\x80", b"\xed\xb0\x80"),
        *(character.encode() for character in "é\u2028\U0001f600"),
    ]
)
_TEXTS = st.lists(st.one_of(st.lists(_TRICKY, max_size=4).map(b"".join), st.binary(max_size=6)), max_size=20)


@given(_TEXTS, st.integers(0, 3))
@example([], 0)
@example([MARK * 2], 0)
def test_agrees_with_the_reference(texts: list[bytes], before: int) -> None:
    array = pa.array([b"\xff\0x"] * before + texts, pa.large_binary())[before:]
    checked = check_texts(array, 9)
    expected = [reference(text, 9) for text in texts]
    assert checked.texts.to_pylist() == [stripped for stripped, _ in expected]
    assert {row: reason for row, (reason, _) in checked.rejected.items()} == {
        row: reason for row, (_, reason) in enumerate(expected) if reason is not None
    }
    assert list(checked.rejected) == sorted(checked.rejected)
    np.testing.assert_array_equal(
        checked.good_rows(), [row for row, (_, reason) in enumerate(expected) if reason is None]
    )


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("hi".encode("utf-16"), Reject.NOT_UTF8, "starts with a UTF-16 byte-order mark"),
        ("hi".encode("utf-16-le"), Reject.NUL_BYTE, "at byte 1"),
        ("caf\xe9".encode("latin-1"), Reject.NOT_UTF8, "byte 0xe9 at byte 3"),
        (b"ab\xed\xa0\x80", Reject.LONE_SURROGATE, "at byte 2"),
        (b"abc\0d\0", Reject.NUL_BYTE, "at byte 3"),
        (b"x" * 11, Reject.TOO_LARGE, "11 bytes; max_document_bytes is 10"),
        (b"", Reject.EMPTY_DOCUMENT, "no text"),
        (MARK, Reject.EMPTY_DOCUMENT, "no text"),
    ],
)
def test_details(text: bytes, reason: Reject, detail: str) -> None:
    checked = check_texts(pa.array([b"good", text, "también".encode()], pa.large_binary()), 10)
    assert checked.rejected == {1: (reason, detail)}
