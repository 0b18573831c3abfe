"""Which texts a corpus can hold: valid UTF-8 without NUL, not empty, not too long.

A byte-order mark (U+FEFF, three bytes) at the start is taken off first. Nothing in a text raises an error here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.reasons import Reject

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LFS_POINTER_BYTES = 1024
"""What a pointer is at most, by the rules of Git LFS."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Checked(NamedTuple):
    """Texts after the policy."""

    texts: pa.LargeBinaryArray
    """[n], every row, byte-order marks taken off."""
    rejected: dict[int, tuple[Reject, str]]
    """Row -> reason and detail, in ascending order of rows; the other rows are good."""

    def good_rows(self) -> np.ndarray:
        """int64 [kept]: the rows that are not rejected."""
        keep = np.ones(len(self.texts), np.bool_)
        keep[list(self.rejected)] = False
        return np.flatnonzero(keep)


def check_texts(texts: pa.LargeBinaryArray, max_document_bytes: int) -> Checked:
    """Judge raw texts, all in one pass over their bytes.

    The reasons in order of precedence: too_large, empty_document, lfs_pointer, not_utf8 or lone_surrogate (UTF-8 but
    for encoded halves of surrogate pairs), nul_byte.

    Args:
        texts: [n], without nulls.
        max_document_bytes: the longest text that is taken, byte-order mark included.
    """
    lengths = np.diff(offsets_and_data(texts)[0])
    rejected: dict[int, tuple[Reject, str]] = {}
    for row in np.flatnonzero(lengths > max_document_bytes).tolist():
        rejected[row] = (Reject.TOO_LARGE, f"{lengths[row]} bytes; max_document_bytes is {max_document_bytes}")
    texts = _without_byte_order_marks(texts)
    for row in np.flatnonzero(np.diff(offsets_and_data(texts)[0]) == 0).tolist():
        rejected.setdefault(row, (Reject.EMPTY_DOCUMENT, "no text"))
    for row in _pointer_rows(texts):
        rejected.setdefault(row, (Reject.LFS_POINTER, "the file itself is in Git LFS: fetch it before the build"))
    for row in _invalid_rows(texts, 0):
        rejected.setdefault(row, _why_invalid(texts[row].as_py()))
    for row, position in _first_nuls(texts):
        rejected.setdefault(row, (Reject.NUL_BYTE, f"at byte {position}"))
    return Checked(texts, dict(sorted(rejected.items())))


def offsets_and_data(texts: pa.LargeBinaryArray) -> tuple[np.ndarray, np.ndarray]:
    """int64 [n + 1] and the uint8 buffer that they point into; the first offset need not be 0."""
    if len(texts) == 0:
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = texts.buffers()
    positions = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return positions, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def _without_byte_order_marks(texts: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
    offsets, data = offsets_and_data(texts)
    rows = np.flatnonzero(np.diff(offsets) >= len(_BYTE_ORDER_MARK))
    for position, byte in enumerate(_BYTE_ORDER_MARK):
        rows = rows[data[offsets[rows] + position] == byte]
    if len(rows) == 0:
        return texts
    # By hand, because Arrow's binary_slice fails when nothing is left of any value (met in pyarrow 25).
    marks = (offsets[rows] - offsets[0])[:, None] + np.arange(len(_BYTE_ORDER_MARK))
    kept = np.delete(data[offsets[0] : offsets[-1]], marks.ravel())
    lengths = np.diff(offsets)
    lengths[rows] -= len(_BYTE_ORDER_MARK)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(kept)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(texts), buffers)


def _pointer_rows(texts: pa.LargeBinaryArray) -> list[int]:
    """Rows that stand for a file that Git LFS keeps elsewhere."""
    short = np.flatnonzero(np.diff(offsets_and_data(texts)[0]) <= _LFS_POINTER_BYTES)
    starting = pc.starts_with(texts.take(pa.array(short)), _LFS_POINTER)
    return [int(row) for row in short[np.asarray(starting)]]


def _invalid_rows(texts: pa.LargeBinaryArray, base: int) -> Iterator[int]:
    """Rows that are not UTF-8. Halving finds the few bad ones among many at the speed of the validator."""
    try:
        texts.cast(pa.large_string())
    except pa.ArrowInvalid:
        if len(texts) == 1:
            yield base
            return
        middle = len(texts) // 2
        yield from _invalid_rows(texts[:middle], base)
        yield from _invalid_rows(texts[middle:], base + middle)


def _why_invalid(text: bytes) -> tuple[Reject, str]:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Reject.NOT_UTF8, "starts with a UTF-16 byte-order mark"
    try:
        text.decode()
    except UnicodeDecodeError as error:
        position = error.start
    try:
        text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return Reject.NOT_UTF8, f"byte {text[position]:#04x} at byte {position}"
    return Reject.LONE_SURROGATE, f"at byte {position}"


def _first_nuls(texts: pa.LargeBinaryArray) -> list[tuple[int, int]]:
    """(row, position of its first NUL in it) for the rows that have one."""
    offsets, data = offsets_and_data(texts)
    data = data[offsets[0] : offsets[-1]]
    if data.min(initial=1) != 0:
        return []
    positions = np.flatnonzero(data == 0) + offsets[0]
    rows, first = np.unique(np.searchsorted(offsets, positions, side="right") - 1, return_index=True)
    return list(zip(rows.tolist(), (positions[first] - offsets[rows]).tolist(), strict=True))
