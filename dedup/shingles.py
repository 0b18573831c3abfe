"""Shingles: hashes of every 5 consecutive tokens of a document.

Tokens are runs of word bytes: [A-Za-z0-9_] and every non-ASCII byte, so that an identifier or a word in any script
stays whole without a Unicode table and without decoding (bytes that are not UTF-8 are just bytes). A UTF-8 code point of three or
four bytes also starts a token: scripts written without spaces are then shingled by character instead of by paragraph. Case and
digits are kept as they are: in code they are meaning. Everything else separates tokens and is not looked at, so two files that
differ in layout and punctuation only have equal shingles.

Documents are walked in chunks of `CHUNK_BYTES`, with the last tokens carried over, so scratch memory does not grow with
the document.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes, load_u64, population, trailing_zeros, wide_lead_mask, word_mask
from buffers.mix import fold_multiply
from buffers.texts import Rows, Texts, row_indices

TOKENS_PER_SHINGLE = 5
CHUNK_BYTES = 8192
BATCH_SHINGLES = 1 << 15

U64s: TypeAlias = NDArray[np.uint64]
I64s: TypeAlias = NDArray[np.int64]

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_TOP = np.uint64(63)
_SHIFT_29 = np.uint64(29)
_SHIFT_32 = np.uint64(32)

# Odd 64-bit constants without structure: fractional digits of the square roots of 2, 3, 5, 7, 11, 13, 17, 19, 23, 29
# (the first eight are the initial state of SHA-512).
_TOKEN_1 = np.uint64(0x6A09E667F3BCC909)
_TOKEN_2 = np.uint64(0xBB67AE8584CAA73B)
_TOKEN_3 = np.uint64(0x3C6EF372FE94F82B)
_TOKEN_4 = np.uint64(0xA54FF53A5F1D36F1)
_PLACE_1 = np.uint64(0x510E527FADE682D1)
_PLACE_2 = np.uint64(0x9B05688C2B3E6C1F)
_PLACE_3 = np.uint64(0x1F83D9ABFB41BD6B)
_PLACE_4 = np.uint64(0x5BE0CD19137E2179)
_PLACE_5 = np.uint64(0xCBBB9D5DC1059ED9)
_FINAL = np.uint64(0x9E3779B97F4A7C15)

# Slots of a cursor.
_PLACE = 0  # the next byte to read
_OPEN = 1  # where the token starts that reaches up to _PLACE, or -1
_KEPT = 2  # token hashes carried over, at most TOKENS_PER_SHINGLE - 1
_TOTAL = 3  # shingles so far, with repetitions
CURSOR_SLOTS = 4


class Scratch(NamedTuple):
    """Memory that the kernels of one call reuse for every document.

    Attributes:
        starts, ends: spans of the tokens of a chunk, int64 [chunk bytes + 1].
        hashes: token hashes of a chunk behind those carried over, uint64 [chunk bytes + 5].
        shingles: a batch of shingle hashes, uint64 [batch].
        table: open addressing, a power of two of at least twice the batch, uint64.
        cursor: where in the document the walk stands, int64 [CURSOR_SLOTS].
    """

    starts: I64s
    ends: I64s
    hashes: U64s
    shingles: U64s
    table: U64s
    cursor: I64s


def make_scratch(chunk_bytes: int = CHUNK_BYTES, batch_shingles: int = BATCH_SHINGLES) -> Scratch:
    """Allocate scratch; sizes do not change any result.

    Args:
        chunk_bytes: a multiple of 64.
        batch_shingles: a power of two of more than twice `chunk_bytes`.
    """
    if chunk_bytes % 64 or batch_shingles & (batch_shingles - 1) or batch_shingles <= 2 * (chunk_bytes + 4):
        raise ValueError(f"chunks of {chunk_bytes} bytes and batches of {batch_shingles} shingles do not fit together")
    return Scratch(
        starts=np.empty(chunk_bytes + 1, np.int64),
        ends=np.empty(chunk_bytes + 1, np.int64),
        hashes=np.empty(chunk_bytes + TOKENS_PER_SHINGLE, np.uint64),
        shingles=np.empty(batch_shingles, np.uint64),
        table=np.empty(2 * batch_shingles, np.uint64),
        cursor=np.empty(CURSOR_SLOTS, np.int64),
    )


@kernel
def hash_token(data: Bytes, start: int, length: int) -> np.uint64:
    """Hash data[start:start + length], length >= 1; reads up to 16 bytes from `start` whatever the length."""
    first = load_u64(data, start)
    second = load_u64(data, start + 8)
    if length <= 8:
        first &= _ALL >> np.uint64(64 - 8 * length)
        second = _ZERO
    elif length < 16:
        second &= _ALL >> np.uint64(128 - 8 * length)
    token = fold_multiply(first ^ _TOKEN_1 ^ np.uint64(length), second ^ _TOKEN_2)
    if length > 16:
        place = start + 16
        end = start + length
        while place + 8 < end:
            token = fold_multiply(load_u64(data, place) ^ _TOKEN_3 ^ token, _TOKEN_4)
            place += 8
        token = fold_multiply(load_u64(data, end - 8) ^ _TOKEN_3 ^ token, _TOKEN_4)
    return token


@kernel
def start_walk(cursor: I64s, start: int) -> None:
    """Point a cursor at a document's first byte."""
    cursor[_PLACE] = start
    cursor[_OPEN] = -1
    cursor[_KEPT] = 0
    cursor[_TOTAL] = 0


@kernel
def _find_tokens(data: Bytes, stop: int, cursor: I64s, starts: I64s, ends: I64s) -> int:
    """Spans of the tokens that end in the next chunk; moves the cursor behind it and returns how many there are."""
    place = cursor[_PLACE]
    chunk_stop = min(place + starts.size - 1, stop)
    opened = closed = 0
    before = _ZERO  # bit 0: the byte before this block is in a token
    if cursor[_OPEN] >= 0:
        starts[0] = cursor[_OPEN]
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
        # The loops write eight slots at a time without asking whether they are needed: how many tokens a block has
        # cannot be predicted. What is written too much is overwritten later.
        while start_bits != _ZERO:
            starts[opened] = place + trailing_zeros(start_bits)
            opened += 1
            start_bits &= start_bits - _ONE
        while end_bits != _ZERO:
            ends[closed] = place + trailing_zeros(end_bits)
            closed += 1
            end_bits &= end_bits - _ONE
        place += 64
    cursor[_PLACE] = chunk_stop
    cursor[_OPEN] = -1
    if opened > closed:
        if chunk_stop == stop:
            ends[closed] = stop
            closed += 1
        else:
            cursor[_OPEN] = starts[closed]
    return closed


@kernel
def append_chunk(
    data: Bytes, stop: int, cursor: I64s, starts: I64s, ends: I64s, hashes: U64s, shingles: U64s, filled: int
) -> int:
    """Append the shingles that end in the next chunk of a document to shingles[filled:].

    `stop` is the document's end; `cursor` moves on by one chunk. There must be room for chunk bytes + 1 shingles.

    Returns:
        How many of `shingles` are filled now.
    """
    tokens = _find_tokens(data, stop, cursor, starts, ends)
    kept = cursor[_KEPT]
    for token in range(tokens):
        hashes[kept + token] = hash_token(data, starts[token], ends[token] - starts[token])
    available = kept + tokens
    found = max(available - 4, 0)
    for place in range(found):
        mixed = (
            hashes[place] * _PLACE_1
            + hashes[place + 1] * _PLACE_2
            + hashes[place + 2] * _PLACE_3
            + hashes[place + 3] * _PLACE_4
            + hashes[place + 4] * _PLACE_5
        )
        mixed = (mixed ^ (mixed >> _SHIFT_32)) * _FINAL
        shingles[filled + place] = mixed ^ (mixed >> _SHIFT_29)
    kept = min(available, 4)
    for place in range(kept):
        hashes[place] = hashes[available - kept + place]
    cursor[_KEPT] = kept
    cursor[_TOTAL] += found
    return filled + found


@kernel
def _distinct(shingles: U64s, count: int, table: U64s) -> int:
    """Move the distinct ones of shingles[:count] to the front and return how many there are; table is overwritten."""
    table[:] = _ZERO
    wrap = np.uint64(table.size - 1)
    has_zero = False
    kept = 0
    for place in range(count):
        shingle = shingles[place]
        if shingle == _ZERO:  # zero marks free slots
            if has_zero:
                continue
            has_zero = True
        else:
            slot = (shingle >> _SHIFT_32) & wrap
            while table[slot] != _ZERO and table[slot] != shingle:
                slot = (slot + _ONE) & wrap
            if table[slot] == shingle:
                continue
            table[slot] = shingle
        shingles[kept] = shingle
        kept += 1
    return kept


@kernel
def next_batch(
    data: Bytes, stop: int, cursor: I64s, starts: I64s, ends: I64s, hashes: U64s, shingles: U64s, table: U64s
) -> int:
    """Fill `shingles` with the next shingles of a document and return how many there are.

    A document of few shingles fits in one batch whole. A full batch is first thinned to its distinct shingles, so that
    a long document of few distinct ones fits too; only when more than half remain is the walk interrupted.
    """
    filled = 0
    chunk = starts.size - 1
    while cursor[_PLACE] < stop:
        if filled + chunk + 4 > shingles.size:
            filled = _distinct(shingles, filled, table)
            if 2 * filled > shingles.size:
                break
        filled = append_chunk(data, stop, cursor, starts, ends, hashes, shingles, filled)
    return filled


@kernel
def _count_tokens(data: Bytes, offsets: I64s, rows: I64s, counts: I64s) -> None:
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


@kernel
def _write_shingles(
    data: Bytes,
    offsets: I64s,
    rows: I64s,
    starts: I64s,
    ends: I64s,
    hashes: U64s,
    cursor: I64s,
    values: U64s,
) -> None:
    filled = 0
    for index in range(rows.size):
        start_walk(cursor, offsets[rows[index]])
        stop = offsets[rows[index] + 1]
        while cursor[_PLACE] < stop:
            filled = append_chunk(data, stop, cursor, starts, ends, hashes, values, filled)


@kernel
def _compact(values: U64s, bounds: I64s, offsets: I64s) -> None:
    """Close up the repetitions in sorted runs values[bounds[i]:bounds[i + 1]]; offsets receives the new bounds."""
    kept = 0
    for index in range(bounds.size - 1):
        offsets[index] = kept
        for place in range(bounds[index], bounds[index + 1]):
            value = values[place]
            if place == bounds[index] or value != values[place - 1]:
                values[kept] = value
                kept += 1
    offsets[bounds.size - 1] = kept


def shingle_sets(texts: Texts, rows: Rows = None) -> tuple[U64s, I64s]:
    """The set of shingles of each chosen document.

    Args:
        texts: documents.
        rows: which of them, in this order; None means all.

    Returns:
        (values, offsets): values[offsets[i]:offsets[i + 1]] are the distinct shingles of document rows[i], ascending
        uint64; offsets int64 [rows + 1]. A document of fewer than 5 tokens has none. Memory: 8 bytes a token.
    """
    chosen = row_indices(len(texts), rows)
    counts = np.zeros(chosen.size, np.int64)
    _count_tokens(texts.data, texts.offsets, chosen, counts)
    bounds = np.zeros(chosen.size + 1, np.int64)
    np.cumsum(np.maximum(counts - (TOKENS_PER_SHINGLE - 1), 0), out=bounds[1:])
    values = np.empty(int(bounds[-1]), np.uint64)
    scratch = make_scratch()
    _write_shingles(
        texts.data, texts.offsets, chosen, scratch.starts, scratch.ends, scratch.hashes, scratch.cursor, values
    )
    edges = bounds.tolist()
    for low, high in zip(edges, edges[1:], strict=False):
        values[low:high].sort()
    offsets = np.zeros_like(bounds)
    _compact(values, bounds, offsets)
    return values[: offsets[-1]].copy(), offsets
