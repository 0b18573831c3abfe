import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.line_statistics import COLUMNS, count_lines

PIECES = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b" ", b"a", b"F9", b"_", "\ufffd".encode(), b"\xef", "é".encode(), "日".encode(), b"\xff"]
)
HOSTILE = st.lists(PIECES, max_size=200).map(b"".join)


def plain_counts(document: bytes) -> list[int]:
    """The definitions of `COLUMNS`, byte by byte."""
    lines = document.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    lengths = [characters(line.removesuffix(b"\r")) for line in lines]
    return [
        characters(document),
        len(lines),
        sum(lengths),
        max(lengths, default=0),
        sum(byte in b"0123456789" for byte in document),
        sum(byte in b"abcdefABCDEF" for byte in document),
        sum(bytes([byte]).isalpha() for byte in document),
        sum(byte in b" \t\n\v\f\r" for byte in document),
        sum(byte >= 0xC0 for byte in document),
        document.count("\ufffd".encode()),
    ]


def characters(data: bytes) -> int:
    return sum(not 0x80 <= byte < 0xC0 for byte in data)


def assert_plain(documents: list[bytes]) -> None:
    counts = count_lines(Texts.from_list(documents))
    assert counts.dtype == np.int64 and counts.shape == (len(documents), len(COLUMNS))
    assert counts.tolist() == [plain_counts(document) for document in documents]


@given(st.lists(HOSTILE | st.binary(max_size=300), max_size=5))
@example([])
@example([b"", b"\n", b"\r", b"\r\n", b"\n\r", b"a\r", b"\r\r\n"])
def test_equals_the_plain_counts(documents: list[bytes]) -> None:
    assert_plain(documents)


@pytest.mark.parametrize("length", [62, 63, 64, 65, 127, 128, 129])
def test_lines_that_end_at_the_edges_of_blocks(length: int) -> None:
    line = b"x" * length
    accented = "é".encode() * (length // 2) + b"x" * (length % 2)
    endings = (b"", b"\n", b"\r\n", b"\r", b"\ny", b"\r\ny")
    assert_plain([text + ending for text in (line, accented) for ending in endings])


def test_characters_of_valid_text_are_code_points() -> None:
    text = "naïve 日本語 🙂\u2028x\x85y\x0bz\n"
    counts = dict(zip(COLUMNS, count_lines(Texts.from_list([text.encode()]))[0].tolist(), strict=True))
    assert counts["characters"] == len(text)
    assert counts["lines"] == 1  # str.splitlines would find four
    assert counts["longest_line"] == len(text) - 1
    assert counts["non_ascii"] == sum(character > "\x7f" for character in text)


def test_a_line_of_ten_million_characters() -> None:
    counts = count_lines(Texts.from_list([b"7" * 10_000_000, b"\n" * 10_000_000]))
    assert counts[0].tolist() == [10_000_000, 1, 10_000_000, 10_000_000, 10_000_000, 0, 0, 0, 0, 0]
    assert counts[1].tolist() == [10_000_000, 10_000_000, 0, 0, 0, 0, 0, 10_000_000, 0, 0]
