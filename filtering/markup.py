"""What a reader sees of HTML and XML: the text outside tags, comments, scripts and styles."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes, continuation_mask, greater_mask, less_mask, population, trailing_zeros
from buffers.texts import Texts
from filtering.phrases import compile_phrases, contains_phrase

I64s: TypeAlias = NDArray[np.int64]

MARKUP_LANGUAGES = frozenset({"html", "xml"})
XML_BYTES = 100

_DECLARATION = compile_phrases(("<?xml",))
_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_RAW = (np.frombuffer(b"script", np.uint8).copy(), np.frombuffer(b"style", np.uint8).copy())


def xml_declaration(texts: Texts) -> NDArray[np.int64]:
    """1 where the first `XML_BYTES` bytes hold "<?xml"; int64 [n]."""
    return contains_phrase(texts, _DECLARATION, lines=XML_BYTES, limit=XML_BYTES).astype(np.int64)


@kernel
def _next(data: Bytes, place: int, stop: int, less: bool) -> int:
    """The next "<" or ">"; `stop` if there is none."""
    while place < stop:
        found = less_mask(data, place) if less else greater_mask(data, place)
        if found != _ZERO:
            return min(place + trailing_zeros(found), stop)
        place += 64
    return stop


@kernel
def _named(data: Bytes, place: int, stop: int, name: Bytes) -> bool:
    """Whether an element's name stands at `place`, in any case."""
    if place + name.size > stop:
        return False
    for index in range(name.size):
        if data[place + index] | 32 != name[index]:
            return False
    after = data[place + name.size] if place + name.size < stop else 62
    return after == 62 or after == 47 or after <= 32


@kernel
def _raw_end(data: Bytes, place: int, stop: int, name: Bytes) -> int:
    """The "<" of the closing tag of a script or style."""
    while place < stop:
        place = _next(data, place, stop, True)
        if place + 1 < stop and data[place + 1] == 47 and _named(data, place + 2, stop, name):
            return place
        place += 1
    return stop


@kernel
def _characters(data: Bytes, place: int, stop: int) -> int:
    count = 0
    while place < stop:
        first = ~continuation_mask(data, place)
        if stop - place < 64:
            first &= (_ONE << np.uint64(stop - place)) - _ONE
        count += population(first)
        place += 64
    return count


@kernel
def _trimmed(data: Bytes, start: int, stop: int) -> int:
    """Characters between `start` and `stop` without the whitespace at both ends."""
    while start < stop and data[start] <= 32:
        start += 1
    while start < stop and data[stop - 1] <= 32:
        stop -= 1
    return _characters(data, start, stop)


@kernel
def _visible(data: Bytes, start: int, stop: int, script: Bytes, style: Bytes) -> int:
    visible = 0
    place = start
    while place < stop:
        tag = _next(data, place, stop, True)
        visible += _trimmed(data, place, tag)
        if tag >= stop:
            break
        comment = tag + 3 < stop and data[tag + 1] == 33 and data[tag + 2] == 45 and data[tag + 3] == 45
        end = _next(data, tag + 1, stop, False)
        while comment and end < stop and not (end >= tag + 6 and data[end - 1] == 45 and data[end - 2] == 45):
            end = _next(data, end + 1, stop, False)
        place = end + 1
        if _named(data, tag + 1, stop, script):
            place = _raw_end(data, place, stop, script)
        elif _named(data, tag + 1, stop, style):
            place = _raw_end(data, place, stop, style)
    return visible


@kernel
def _count(data: Bytes, offsets: I64s, markup: NDArray[np.bool_], script: Bytes, style: Bytes, counts: I64s) -> None:
    for document in range(offsets.size - 1):
        if markup[document]:
            counts[document] = _visible(data, offsets[document], offsets[document + 1], script, style)


def visible_characters(texts: Texts, markup: NDArray[np.bool_], characters: I64s) -> I64s:
    """Characters that a reader sees.

    Args:
        texts: n documents.
        markup: bool [n]: which are HTML or XML.
        characters: int64 [n]: all characters of each, which is the answer where it is no markup.

    Returns:
        int64 [n]: characters outside "<...>", "<!-- -->", script and style, whitespace at the ends of each piece not
        counted.
    """
    counts = characters.copy()
    _count(texts.data, texts.offsets, markup, *_RAW, counts)
    return counts
