"""Kinds of lines: how they open and how they end."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes, load_u64, newline_mask, todo_mask, trailing_zeros
from buffers.texts import Texts

I64s: TypeAlias = NDArray[np.int64]

COLUMNS = (
    "written_lines",
    "import_lines",
    "definition_lines",
    "pass_lines",
    "print_lines",
    "assert_lines",
    "preprocessor_lines",
    "todo_lines",
    "bullet_lines",
    "ellipsis_lines",
    "punctuated_lines",
)
"""What is counted, in the order of the columns of `count_line_kinds`.

Lines end at "\\n"; spaces, tabs and "\\r" at both ends of a line do not count.

- written_lines: lines with something on them; the others below are some of these.
- import_, definition_, pass_, print_, assert_lines: the line's first word is one of `OPENINGS`.
- preprocessor_lines: start with "#" and a lower-case letter. todo_lines: contain "TODO" or "FIXME".
- bullet_lines: start with "-", "*" or U+2022 and a space. ellipsis_lines: end in "..." or U+2026.
- punctuated_lines: end in one of [.!?"'] or U+201D.
"""

OPENINGS: dict[str, int] = {
    **dict.fromkeys(("import", "from", "using", "use", "require", "include", "package"), 1),
    **dict.fromkeys(("def", "class", "func", "function", "fn"), 2),
    "pass": 3,
    **dict.fromkeys(("print", "printf", "println", "echo"), 4),
    "assert": 5,
}
"""First words of lines, each with its column; none has more than eight letters."""

_WORDS = np.array([int.from_bytes(word.encode(), "little") for word in OPENINGS], np.uint64)
_KINDS = np.array(list(OPENINGS.values()), np.int64)
_ZERO = np.uint64(0)


@kernel
def _letters(data: Bytes, start: int, stop: int) -> int:
    """Lower-case letters from `start` on, up to nine."""
    count = 0
    while count < 9 and start + count < stop and 97 <= data[start + count] <= 122:
        count += 1
    return count


@kernel
def _line_end(data: Bytes, place: int, stop: int) -> int:
    while place < stop and data[place] != 10:
        place += 1
    return place


@kernel
def _in_word(byte: int) -> bool:
    return byte >= 0x80 or 48 <= byte <= 57 or 97 <= byte | 32 <= 122 or byte == 95


@kernel
def _is_todo(data: Bytes, place: int, start: int, stop: int) -> bool:
    """Whether the "D" of TODO or the "X" of FIXME is at `place`, a "D" or an "X"."""
    if place - start < 2 or place + 1 >= stop:
        return False
    first, second, fourth = data[place - 2], data[place - 1], data[place + 1]
    if data[place] == 68:
        return bool(first == 84 and second == 79 and fourth == 79)
    if place + 2 >= stop or data[place + 2] != 69:
        return False
    return bool(first == 70 and second == 73 and fourth == 77)


@kernel
def _line(data: Bytes, start: int, stop: int, words: NDArray[np.uint64], kinds: I64s, row: I64s) -> None:
    while start < stop and data[start] <= 32:
        start += 1
    while start < stop and data[stop - 1] <= 32:
        stop -= 1
    if start == stop:
        return
    row[0] += 1
    first = data[start]
    letters = _letters(data, start, stop)
    if 2 <= letters <= 8 and (start + letters == stop or not _in_word(data[start + letters])):
        packed = load_u64(data, start)
        if letters < 8:
            packed &= (np.uint64(1) << np.uint64(8 * letters)) - np.uint64(1)
        for index in range(words.size):
            if packed == words[index]:
                row[kinds[index]] += 1
    if first == 35 and start + 1 < stop and 97 <= data[start + 1] <= 122:
        row[6] += 1
    if (first == 45 or first == 42) and start + 1 < stop and data[start + 1] == 32:
        row[8] += 1
    elif first == 0xE2 and start + 3 < stop and data[start + 1] == 0x80 and data[start + 2] == 0xA2:
        row[8] += data[start + 3] == 32
    last = data[stop - 1]
    dots = stop - start >= 3 and last == 46 and data[stop - 2] == 46 and data[stop - 3] == 46
    general = stop - start >= 3 and data[stop - 2] == 0x80 and data[stop - 3] == 0xE2
    if dots or (general and last == 0xA6):
        row[9] += 1
    if last == 46 or last == 33 or last == 63 or last == 34 or last == 39 or (general and last == 0x9D):
        row[10] += 1


@kernel
def _count(data: Bytes, offsets: I64s, words: NDArray[np.uint64], kinds: I64s, counts: I64s) -> None:
    for document in range(offsets.size - 1):
        stop = offsets[document + 1]
        line = offsets[document]
        todo = -1  # the end of the last line that was counted for its TODO
        for place in range(offsets[document], stop, 64):
            newlines = newline_mask(data, place)
            marks = todo_mask(data, place)
            while marks != _ZERO:
                at = place + trailing_zeros(marks)
                marks &= marks - np.uint64(1)
                if at > todo and at < stop and _is_todo(data, at, offsets[document], stop):
                    counts[document, 7] += 1
                    todo = _line_end(data, at, stop)
            while newlines != _ZERO:
                end = place + trailing_zeros(newlines)
                if end >= stop:
                    break
                _line(data, line, end, words, kinds, counts[document])
                line = end + 1
                newlines &= newlines - np.uint64(1)
        _line(data, line, stop, words, kinds, counts[document])


def count_line_kinds(texts: Texts) -> I64s:
    """Count kinds of lines; int64 [documents, len(COLUMNS)]."""
    counts = np.zeros((len(texts), len(COLUMNS)), np.int64)
    _count(texts.data, texts.offsets, _WORDS, _KINDS, counts)
    return counts
