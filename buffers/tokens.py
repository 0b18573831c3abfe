"""Tokens: the words of a document, found and hashed without decoding.

Tokens are runs of word bytes: [A-Za-z0-9_] and every non-ASCII byte, so that an identifier or a word in any
script stays whole without a Unicode table (bytes that are not UTF-8 are just bytes). A UTF-8 code point of
three or four bytes
also starts a token: scripts written without spaces are then shingled by character instead of by paragraph.
Case and
digits are kept as they are: in code they are meaning. Everything else separates tokens and is not looked at,
so files that differ in layout and punctuation only have equal tokens.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes, load_u64, population, trailing_zeros, wide_lead_mask, word_mask
from buffers.mix import fold_multiply

U64s: TypeAlias = NDArray[np.uint64]
I64s: TypeAlias = NDArray[np.int64]

# Slots of a cursor, an int64 array that says where in a document a walk stands.
PLACE = 0  # the next byte to read
OPEN = 1  # where the token starts that reaches up to PLACE, or -1
KEPT = 2  # token hashes carried over from the chunks before
TOTAL = 3  # shingles so far, with repetitions
CURSOR_SLOTS = 4

SLACK = 8
"""Spans are written eight at a time: `starts` and `ends` have this many slots more than a chunk has bytes."""

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_TOP = np.uint64(63)

# Constants without structure: fractional bits of the square roots of 2, 3, 5 and 7, the first made odd, and
# of the golden ratio.
_MIX_1 = np.uint64(0x6A09E667F3BCC909)
_MIX_2 = np.uint64(0xBB67AE8584CAA73B)
_MIX_3 = np.uint64(0x3C6EF372FE94F82B)
_MIX_4 = np.uint64(0xA54FF53A5F1D36F1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@kernel
def find_tokens(data: Bytes, stop: int, cursor: I64s, starts: I64s, ends: I64s) -> int:
    """Find the tokens that end in the next chunk of a document and move the cursor behind the chunk.

    `stop` is the document's end. Writes spans to the front of `starts` and `ends` and returns how many there
    are.
    """
    place = cursor[PLACE]
    chunk_stop = min(place + starts.size - SLACK, stop)
    opened = closed = 0
    before = _ZERO  # bit 0: the byte before this block is in a token
    if cursor[OPEN] >= 0:
        starts[0] = cursor[OPEN]
        opened = 1
        before = _ONE
    while place < chunk_stop:
        word = word_mask(data, place)
        if chunk_stop - place < 64:
            word &= (_ONE << np.uint64(chunk_stop - place)) - _ONE
        after_word = (word << _ONE) | before
        wide = wide_lead_mask(data, place) & word
        start_bits = word & (~after_word | wide)
        end_bits = after_word & (~word | wide)
        before = word >> _TOP
        # The loops write eight slots at a time without asking how many are needed, which cannot be predicted
        # from one block to the next. What is written too much is overwritten later.
        slot = opened
        opened += population(start_bits)
        while start_bits != _ZERO:
            for extra in range(8):
                starts[slot + extra] = place + trailing_zeros(start_bits)
                start_bits &= start_bits - _ONE
            slot += 8
        slot = closed
        closed += population(end_bits)
        while end_bits != _ZERO:
            for extra in range(8):
                ends[slot + extra] = place + trailing_zeros(end_bits)
                end_bits &= end_bits - _ONE
            slot += 8
        place += 64
    cursor[PLACE] = chunk_stop
    cursor[OPEN] = -1
    if opened > closed:
        if chunk_stop == stop:
            ends[closed] = stop
            closed += 1
        else:
            cursor[OPEN] = starts[closed]
    return closed


@kernel
def hash_tokens(data: Bytes, starts: I64s, ends: I64s, tokens: int, hashes: U64s, kept: int) -> None:
    """Hash the first `tokens` spans into hashes[kept:]; always reads 16 bytes from a start."""
    for index in range(tokens):
        start = starts[index]
        end = ends[index]
        length = end - start
        # Without branches up to 16 bytes: token lengths cannot be predicted. Two shifts by half, because a
        # shift by 64 is undefined.
        in_first = np.uint64(4 * min(length, 8))
        in_second = np.uint64(4 * min(max(length - 8, 0), 8))
        first = load_u64(data, start) & (((_ONE << in_first) << in_first) - _ONE)
        second = load_u64(data, start + 8) & (((_ONE << in_second) << in_second) - _ONE)
        # The length is spread over all bits: as it is, it could make up for another first byte.
        token = fold_multiply(first ^ _MIX_1, second ^ _MIX_2 ^ (np.uint64(length) * _SPREAD))
        if length > 16:
            place = start + 16
            while place + 8 < end:
                token = fold_multiply(load_u64(data, place) ^ _MIX_3 ^ token, _MIX_4)
                place += 8
            token = fold_multiply(load_u64(data, end - 8) ^ _MIX_3 ^ token, _MIX_4)
        hashes[kept + index] = token


@kernel
def count_tokens(data: Bytes, offsets: I64s, rows: I64s, counts: I64s) -> None:
    """Count the tokens of the documents `rows` into `counts`."""
    for index in range(rows.size):
        place = offsets[rows[index]]
        stop = offsets[rows[index] + 1]
        before = _ZERO
        tokens = 0
        while place < stop:
            word = word_mask(data, place)
            if stop - place < 64:
                word &= (_ONE << np.uint64(stop - place)) - _ONE
            tokens += population(word & (~((word << _ONE) | before) | wide_lead_mask(data, place)))
            before = word >> _TOP
            place += 64
        counts[index] = tokens
