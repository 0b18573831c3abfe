from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.lines import Lines, LongLine, split_lines


def reference(data: bytes, limit: int) -> list[tuple[int, int, bytes | int, bool]]:
    """(number, offset, line or its length if it is too long, closed)."""
    result: list[tuple[int, int, bytes | int, bool]] = []
    offset = 0
    parts = data.split(b"\n")
    for number, line in enumerate(parts):
        closed = number < len(parts) - 1
        if closed or line:
            long = len(line) > limit
            result.append((number, offset, len(line) if long else line, True if long else closed))
        offset += len(line) + 1
    return result


def flat(found: list[Lines | LongLine]) -> list[tuple[int, int, bytes | int, bool]]:
    result: list[tuple[int, int, bytes | int, bool]] = []
    for group in found:
        if isinstance(group, LongLine):
            result.append((group.number, group.offset, group.bytes, True))
            continue
        offset = group.offset
        for index, line in enumerate(group.lines):
            result.append((group.number + index, offset, line, group.closed))
            offset += len(line) + 1
    return result


@given(st.lists(st.text("ab\n\r\x85\u2028", min_size=1, max_size=9).map(str.encode)), st.integers(1, 12))
def test_agrees_with_the_reference_however_the_stream_is_cut(pieces: list[bytes], limit: int) -> None:
    assert flat(list(split_lines(iter(pieces), limit))) == reference(b"".join(pieces), limit)


def test_offsets_start_where_the_stream_does() -> None:
    assert list(split_lines(iter([b"a\nb\n"]), 9, offset=100)) == [Lines(0, 100, [b"a", b"b"], closed=True)]


def test_a_long_line_is_not_held() -> None:
    pieces = (b"x" * (1 << 20) for _ in range(300))
    tracemalloc.start()
    try:
        assert list(split_lines(pieces, 2 << 20)) == [LongLine(0, 0, 300 << 20)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
