r"""Lines of a byte stream. Only b"\n" ends a line: other line separators are text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Lines(NamedTuple):
    """Neighbouring lines, without their newlines."""

    number: int
    """The first line's, from 0."""
    offset: int
    """The first line's first byte."""
    lines: list[bytes]
    closed: bool
    """Whether a newline ends the last of them: false only at the end of the stream."""


class LongLine(NamedTuple):
    """A line that was passed over because it is longer than the limit."""

    number: int
    offset: int
    bytes: int


def split_lines(pieces: Iterator[bytes], limit: int, offset: int = 0) -> Iterator[Lines | LongLine]:
    """Split a stream into lines and drop those longer than `limit` bytes, of which no more than that is ever held.

    Args:
        pieces: the stream.
        limit: the longest line, in bytes without its newline.
        offset: the stream's first byte's place in the file.
    """
    number = 0
    pending: list[bytes] = []
    pending_bytes = 0
    for piece in pieces:
        lines = piece.split(b"\n")
        pending_bytes += len(lines[0])
        if pending_bytes > limit:
            pending.clear()
        else:
            pending.append(lines[0])
        if len(lines) == 1:
            continue
        lines[0], first_bytes = b"".join(pending), pending_bytes
        last = lines.pop()
        yield from _within(lines, first_bytes, limit, number, offset)
        number += len(lines)
        offset += first_bytes + sum(map(len, lines[1:])) + len(lines)
        pending, pending_bytes = [last], len(last)
    if pending_bytes > limit:
        yield LongLine(number, offset, pending_bytes)
    elif pending_bytes:
        yield Lines(number, offset, [b"".join(pending)], closed=False)


def _within(lines: list[bytes], first_bytes: int, limit: int, number: int, offset: int) -> Iterator[Lines | LongLine]:
    """The lines of one piece, cut around those that are too long."""
    sizes = [first_bytes, *map(len, lines[1:])]
    start, start_offset = 0, offset
    for index, size in enumerate(sizes):
        if size > limit:
            if index > start:
                yield Lines(number + start, start_offset, lines[start:index], closed=True)
            yield LongLine(number + index, offset, size)
            start, start_offset = index + 1, offset + size + 1
        offset += size + 1
    if len(lines) > start:
        yield Lines(number + start, start_offset, lines[start:], closed=True)
