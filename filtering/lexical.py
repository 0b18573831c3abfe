"""Comments and strings of source code, told by the few bytes that open and close them.

No grammar: a language is a set of the flags below. A string that its line does not close ends with the line, so what
is misread (a quote in a regular expression, a preprocessor's message) stays on one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import (
    Bytes,
    newline_mask,
    opener_mask,
    quote_mask,
    quote_or_hash_mask,
    quote_or_slash_mask,
    star_or_dash_mask,
    trailing_zeros,
)
from buffers.texts import Texts

I64s: TypeAlias = NDArray[np.int64]

COLUMNS = ("comment_bytes", "string_bytes")
"""What is counted, in the order of the columns of `count_lexical`: bytes of comments and of string literals, with what
opens and closes them, line ends of line comments excluded. A Python string in triple quotes that starts a line counts
as a comment: most are docstrings."""

SLASHES = 1  # // to the end of the line
STARS = 2  # /* ... */
HASH = 4  # # to the end of the line
SPACED_HASH = 8  # the same, but only at the start of a word
DASHES = 16  # -- to the end of the line
ARROWS = 32  # <!-- ... -->
SEMICOLON = 64  # ; to the end of the line
PERCENT = 128  # % to the end of the line
EXCLAMATION = 256  # ! to the end of the line
DOUBLE = 512  # "..."
SINGLE = 1024  # '...'
CHARACTER = 2048  # 'x' and '\n' only: elsewhere an apostrophe is something else
BACKTICK = 4096  # `...`, over several lines
TRIPLE = 8192  # three quotes, over several lines

_C = SLASHES | STARS | DOUBLE | CHARACTER
_SCRIPT = SLASHES | STARS | DOUBLE | SINGLE | BACKTICK
_SHELL = SPACED_HASH | DOUBLE | SINGLE

STYLES: dict[str, int] = {
    **dict.fromkeys(
        ("c", "cpp", "cuda", "java", "rust", "csharp", "kotlin", "swift", "scala", "zig", "protobuf", "groovy"), _C
    ),
    **dict.fromkeys(("objective-c", "objective-cpp"), _C),
    "go": _C | BACKTICK,
    **dict.fromkeys(("javascript", "typescript"), _SCRIPT),
    **dict.fromkeys(("dart", "scss", "less"), SLASHES | STARS | DOUBLE | SINGLE),
    "php": SLASHES | STARS | SPACED_HASH | DOUBLE | SINGLE,
    "css": STARS | DOUBLE | SINGLE,
    **dict.fromkeys(("python", "cython"), HASH | DOUBLE | SINGLE | TRIPLE),
    **dict.fromkeys(("shell", "perl", "ruby", "r", "makefile", "dockerfile", "cmake", "powershell"), _SHELL),
    **dict.fromkeys(("yaml", "toml"), _SHELL),
    **dict.fromkeys(("elixir", "julia"), HASH | DOUBLE | CHARACTER | TRIPLE),
    **dict.fromkeys(("sql", "lua"), DASHES | DOUBLE | SINGLE),
    "haskell": DASHES | DOUBLE | CHARACTER,
    **dict.fromkeys(("html", "xml"), ARROWS),
    **dict.fromkeys(("clojure", "ini"), SEMICOLON | DOUBLE),
    "assembly": SEMICOLON | SPACED_HASH | DOUBLE,
    "erlang": PERCENT | DOUBLE,
    "tex": PERCENT,
    "fortran": EXCLAMATION | DOUBLE | SINGLE,
}
"""How a language writes comments and strings; one that is not named has neither."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_NEWLINE, _DOUBLE, _HASH, _PERCENT, _SINGLE, _STAR, _DASH, _SLASH = 10, 34, 35, 37, 39, 42, 45, 47
_SEMICOLON, _LESS, _GREATER, _BACKSLASH, _BACKTICK, _EXCLAMATION = 59, 60, 62, 92, 96, 33


@kernel
def _next_opener(data: Bytes, place: int, stop: int, style: int) -> int:
    """The next place where something may open, or at least `stop`."""
    if style & (STARS | HASH | SPACED_HASH) == STARS:
        while place < stop:
            found = quote_or_slash_mask(data, place)
            if found != _ZERO:
                return place + trailing_zeros(found)
            place += 64
    elif style & (STARS | HASH | SPACED_HASH | SEMICOLON | BACKTICK) in (HASH, SPACED_HASH):
        while place < stop:
            found = quote_or_hash_mask(data, place)
            if found != _ZERO:
                return place + trailing_zeros(found)
            place += 64
    else:
        while place < stop:
            found = opener_mask(data, place)
            if found != _ZERO:
                return place + trailing_zeros(found)
            place += 64
    return stop


@kernel
def _line_end(data: Bytes, place: int, stop: int) -> int:
    while place < stop:
        found = newline_mask(data, place)
        if found != _ZERO:
            return min(place + trailing_zeros(found), stop)
        place += 64
    return stop


@kernel
def _string_end(data: Bytes, place: int, stop: int, quote: int, quotes: int, lines: bool) -> int:
    """Behind the closing quotes of a string whose inside starts at `place`; `lines`: it may go over several."""
    while place < stop:
        found = quote_mask(data, place)
        if found == _ZERO:
            place += 64
            continue
        place += trailing_zeros(found)
        if place >= stop:
            break
        byte = data[place]
        if byte == _BACKSLASH:
            place += 2
        elif byte == _NEWLINE and not lines:
            return place
        elif byte == quote and (quotes == 1 or (place + 2 < stop and data[place + 1] == quote == data[place + 2])):
            return place + quotes
        else:
            place += 1
    return stop


@kernel
def _block_end(data: Bytes, place: int, stop: int, first: int) -> int:
    """Behind the next "*/" (first is "*") or "-->" (first is "-")."""
    while place < stop:
        found = star_or_dash_mask(data, place)
        if found == _ZERO:
            place += 64
            continue
        place += trailing_zeros(found)
        if first == _STAR and place + 1 < stop and data[place] == _STAR and data[place + 1] == _SLASH:
            return place + 2
        if (
            first == _DASH
            and place + 2 < stop
            and data[place] == _DASH
            and data[place + 1] == _DASH
            and data[place + 2] == _GREATER
        ):
            return place + 3
        place += 1
    return stop


@kernel
def _starts_line(data: Bytes, place: int, start: int) -> bool:
    while place > start and (data[place - 1] == 32 or data[place - 1] == 9):
        place -= 1
    return place == start or data[place - 1] == _NEWLINE


@kernel
def _count(data: Bytes, offsets: I64s, styles: I64s, counts: I64s) -> None:
    for document in range(offsets.size - 1):
        style = styles[document]
        if style == 0:
            continue
        start = offsets[document]
        stop = offsets[document + 1]
        comments = strings = 0
        place = _next_opener(data, start, stop, style)
        while place < stop:
            byte = data[place]
            after = data[place + 1] if place + 1 < stop else 0
            end = place
            comment = True
            if byte == _SLASH:
                if style & SLASHES and after == _SLASH:
                    end = _line_end(data, place, stop)
                elif style & STARS and after == _STAR:
                    end = _block_end(data, place + 2, stop, _STAR)
            elif byte == _HASH:
                if style & HASH or (style & SPACED_HASH and (place == start or data[place - 1] <= 32)):
                    end = _line_end(data, place, stop)
            elif byte == _DASH:
                if style & DASHES and after == _DASH:
                    end = _line_end(data, place, stop)
            elif byte == _LESS:
                if (
                    style & ARROWS
                    and place + 3 < stop
                    and after == _EXCLAMATION
                    and data[place + 2] == _DASH == data[place + 3]
                ):
                    end = _block_end(data, place + 4, stop, _DASH)
            elif byte == _SEMICOLON:
                if style & SEMICOLON:
                    end = _line_end(data, place, stop)
            elif byte == _PERCENT:
                if style & PERCENT and (place == start or data[place - 1] != _BACKSLASH):
                    end = _line_end(data, place, stop)
            elif byte == _EXCLAMATION:
                if style & EXCLAMATION:
                    end = _line_end(data, place, stop)
            elif style & TRIPLE and place + 2 < stop and byte == after == data[place + 2]:
                comment = _starts_line(data, place, start)
                end = _string_end(data, place + 3, stop, byte, 3, True)
            elif byte == _DOUBLE or (byte == _SINGLE and style & SINGLE):
                comment = False
                if byte == _SINGLE or style & DOUBLE:
                    end = _string_end(data, place + 1, stop, byte, 1, False)
            elif byte == _BACKTICK:
                comment = False
                if style & BACKTICK:
                    end = _string_end(data, place + 1, stop, byte, 1, True)
            elif byte == _SINGLE and style & CHARACTER:
                comment = False
                if after == _BACKSLASH or (place + 2 < stop and data[place + 2] == _SINGLE):
                    end = _string_end(data, place + 1, stop, byte, 1, False)
            end = min(end, stop)
            if comment:
                comments += end - place
            else:
                strings += end - place
            place = _next_opener(data, max(end, place + 1), stop, style)
        counts[document, 0] = comments
        counts[document, 1] = strings


def count_lexical(texts: Texts, languages: Sequence[str]) -> I64s:
    """Count the bytes of comments and strings.

    Args:
        texts: n documents.
        languages: the language of each, as in `STYLES`.

    Returns:
        int64 [n, len(COLUMNS)].
    """
    counts = np.zeros((len(texts), len(COLUMNS)), np.int64)
    styles = np.array([STYLES.get(language, 0) for language in languages], np.int64)
    _count(texts.data, texts.offsets, styles, counts)
    return counts
