"""Shingles: hashes of every 5 consecutive tokens of a document.

Documents are walked in chunks of `CHUNK_BYTES`, with the last tokens carried over, so scratch memory does not
grow with the document.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from buffers.kernel import kernel
from buffers.masks import Bytes
from buffers.texts import Rows, Texts, row_indices
from buffers.tokens import (
    CURSOR_SLOTS,
    KEPT,
    OPEN,
    PLACE,
    SLACK,
    TOTAL,
    I64s,
    U64s,
    count_tokens,
    find_tokens,
    hash_tokens,
)

TOKENS_PER_SHINGLE = 5
CHUNK_BYTES = 8192
BATCH_SHINGLES = 1 << 15

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_SHIFT_29 = np.uint64(29)
_SHIFT_32 = np.uint64(32)

# Odd constants without structure: fractional bits of the square roots of 11, 13, 17, 19 and 23, the last made
# odd, and of the golden ratio.
_PLACE_1 = np.uint64(0x510E527FADE682D1)
_PLACE_2 = np.uint64(0x9B05688C2B3E6C1F)
_PLACE_3 = np.uint64(0x1F83D9ABFB41BD6B)
_PLACE_4 = np.uint64(0x5BE0CD19137E2179)
_PLACE_5 = np.uint64(0xCBBB9D5DC1059ED9)
_FINAL = np.uint64(0x9E3779B97F4A7C15)


class Scratch(NamedTuple):
    """Memory that the kernels of one call reuse for every document.

    Attributes:
        starts, ends: spans of the tokens of a chunk, int64 [chunk bytes + 8].
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
        starts=np.empty(chunk_bytes + SLACK, np.int64),
        ends=np.empty(chunk_bytes + SLACK, np.int64),
        hashes=np.empty(chunk_bytes + TOKENS_PER_SHINGLE, np.uint64),
        shingles=np.empty(batch_shingles, np.uint64),
        table=np.empty(2 * batch_shingles, np.uint64),
        cursor=np.empty(CURSOR_SLOTS, np.int64),
    )


@kernel
def start_walk(cursor: I64s, start: int) -> None:
    """Point a cursor at a document's first byte."""
    cursor[PLACE] = start
    cursor[OPEN] = -1
    cursor[KEPT] = 0
    cursor[TOTAL] = 0


@kernel
def _combine(hashes: U64s, count: int, shingles: U64s) -> None:
    """Hash each 5 consecutive token hashes in their order: a multilinear form, then mixed."""
    for place in range(count):
        mixed = (
            hashes[place] * _PLACE_1
            + hashes[place + 1] * _PLACE_2
            + hashes[place + 2] * _PLACE_3
            + hashes[place + 3] * _PLACE_4
            + hashes[place + 4] * _PLACE_5
        )
        mixed = (mixed ^ (mixed >> _SHIFT_32)) * _FINAL
        shingles[place] = mixed ^ (mixed >> _SHIFT_29)


@kernel
def append_chunk(
    data: Bytes, stop: int, cursor: I64s, starts: I64s, ends: I64s, hashes: U64s, shingles: U64s, filled: int
) -> int:
    """Append the shingles that end in the next chunk of a document to shingles[filled:].

    `stop` is the document's end; `cursor` moves on by one chunk. There must be room for chunk bytes + 1
    shingles.

    Returns:
        How many of `shingles` are filled now.
    """
    tokens = find_tokens(data, stop, cursor, starts, ends)
    kept = cursor[KEPT]
    hash_tokens(data, starts, ends, tokens, hashes, kept)
    available = kept + tokens
    found = max(available - 4, 0)
    if found:
        _combine(hashes, found, shingles[filled:])
    kept = min(available, 4)
    for place in range(kept):
        hashes[place] = hashes[available - kept + place]
    cursor[KEPT] = kept
    cursor[TOTAL] += found
    end: int = filled + found
    return end


@kernel
def _distinct(shingles: U64s, count: int, table: U64s) -> int:
    """Move the distinct ones of shingles[:count] to the front and return how many there are."""
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

    A document of few shingles fits in one batch whole. A full batch is first thinned to its distinct
    shingles, so that a long document of few distinct ones fits too; only when more than half remain is the
    walk interrupted.
    """
    filled = 0
    chunk = starts.size - SLACK
    while cursor[PLACE] < stop:
        if filled + chunk + 4 > shingles.size:
            filled = _distinct(shingles, filled, table)
            if 2 * filled > shingles.size:
                break
        filled = append_chunk(data, stop, cursor, starts, ends, hashes, shingles, filled)
    return filled


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
        while cursor[PLACE] < stop:
            filled = append_chunk(data, stop, cursor, starts, ends, hashes, values, filled)


@kernel
def _compact(values: U64s, bounds: I64s, offsets: I64s) -> None:
    """Close up the repetitions in sorted runs values[bounds[i]:bounds[i + 1]]; writes the new bounds."""
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
        (values, offsets): values[offsets[i]:offsets[i + 1]] are the distinct shingles of document rows[i],
        ascending uint64; offsets int64 [rows + 1]. A document of fewer than 5 tokens has none. Memory: 8
        bytes a token.
    """
    chosen = row_indices(len(texts), rows)
    counts = np.zeros(chosen.size, np.int64)
    count_tokens(texts.data, texts.offsets, chosen, counts)
    bounds = np.zeros(chosen.size + 1, np.int64)
    np.cumsum(np.maximum(counts - (TOKENS_PER_SHINGLE - 1), 0), out=bounds[1:])
    values = np.empty(int(bounds[-1]), np.uint64)
    scratch = make_scratch()
    _write_shingles(
        texts.data,
        texts.offsets,
        chosen,
        scratch.starts,
        scratch.ends,
        scratch.hashes,
        scratch.cursor,
        values,
    )
    edges = bounds.tolist()
    for low, high in pairwise(edges):
        values[low:high].sort()
    offsets = np.zeros_like(bounds)
    _compact(values, bounds, offsets)
    return values[: offsets[-1]].copy(), offsets
