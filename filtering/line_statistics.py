"""One pass over the bytes of each document: its lines and its counts of byte classes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import (
    carriage_return_mask,
    continuation_mask,
    digit_mask,
    hex_letter_mask,
    letter_mask,
    newline_mask,
    non_ascii_mask,
    population,
    replacement_lead_mask,
    trailing_zeros,
    whitespace_mask,
)
from buffers.texts import Texts

Counts: TypeAlias = NDArray[np.int64]

COLUMNS = (
    "characters",
    "lines",
    "line_characters",
    "longest_line",
    "digits",
    "hex_letters",
    "letters",
    "whitespace",
    "non_ascii",
    "replacements",
)
"""What is counted, in the order of the columns of `count_lines`.

- characters: code points, counted as the bytes that are not UTF-8 continuation bytes.
- lines: newlines, and one more where the text does not end in a newline; 0 for an empty text. Only "\\n" ends
  a line.
- line_characters: characters of all lines together, without their newlines and without one "\\r" at the end
  of each.
- longest_line: characters of the longest line, counted likewise.
- digits: [0-9]. hex_letters: [a-fA-F]. letters: [a-zA-Z]. whitespace: [ \\t\\n\\v\\f\\r].
- non_ascii: characters above U+007F. replacements: U+FFFD, which decoders put for bytes that they cannot read.
"""

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_TOP = np.uint64(63)
_NEWLINE = np.uint8(10)
_CARRIAGE_RETURN = np.uint8(13)


@kernel
def _count(data: NDArray[np.uint8], offsets: NDArray[np.int64], counts: Counts) -> None:
    for document in range(offsets.size - 1):
        start = offsets[document]
        stop = offsets[document + 1]
        characters = newlines = returns = longest = line_start = 0
        digits = hex_letters = letters = whitespace = non_ascii = replacements = 0
        after_return = _ZERO  # bit 0: the byte before this block is a carriage return
        place = start
        while place < stop:
            valid = _ALL
            if stop - place < 64:
                valid = (_ONE << np.uint64(stop - place)) - _ONE
            newline = newline_mask(data, place) & valid
            carriage_return = carriage_return_mask(data, place)
            first_bytes = ~continuation_mask(data, place) & valid
            digits += population(digit_mask(data, place) & valid)
            hex_letters += population(hex_letter_mask(data, place) & valid)
            letters += population(letter_mask(data, place) & valid)
            whitespace += population(whitespace_mask(data, place) & valid)
            outside = non_ascii_mask(data, place) & first_bytes
            non_ascii += population(outside)
            if outside != _ZERO:
                leads = replacement_lead_mask(data, place) & valid
                while leads != _ZERO:
                    at = place + trailing_zeros(leads)
                    leads &= leads - _ONE
                    if at + 2 < stop and data[at + 1] == 0xBF and data[at + 2] == 0xBD:
                        replacements += 1
            newlines += population(newline)
            returned = newline & ((carriage_return << _ONE) | after_return)
            returns += population(returned)
            after_return = carriage_return >> _TOP
            while newline != _ZERO:
                lowest = newline & (~newline + _ONE)
                at = characters + population(first_bytes & (lowest - _ONE))
                length = at - line_start - population(returned & lowest)
                if length > longest:
                    longest = length
                line_start = at + 1
                newline &= newline - _ONE
            characters += population(first_bytes)
            place += 64
        lines = newlines
        if stop > start and data[stop - 1] != _NEWLINE:
            lines += 1
            length = characters - line_start
            if data[stop - 1] == _CARRIAGE_RETURN:
                length -= 1
                returns += 1
            if length > longest:
                longest = length
        row = counts[document]
        row[0] = characters
        row[1] = lines
        row[2] = characters - newlines - returns
        row[3] = longest
        row[4] = digits
        row[5] = hex_letters
        row[6] = letters
        row[7] = whitespace
        row[8] = non_ascii
        row[9] = replacements


def count_lines(texts: Texts) -> Counts:
    """Count lines and byte classes.

    Args:
        texts: any bytes; on bytes that are not UTF-8 the counts are still defined as in `COLUMNS`.

    Returns:
        int64 [documents, len(COLUMNS)].
    """
    counts = np.zeros((len(texts), len(COLUMNS)), np.int64)
    _count(texts.data, texts.offsets, counts)
    return counts
