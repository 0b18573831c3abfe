"""Sketches: 256 bins of 32 bits per document, equal in a share of bins that estimates the Jaccard similarity.

Fast similarity sketching (Dahlgaard, Knudsen, Thorup: Fast Similarity Sketching, FOCS 2017). In round 0 each
shingle falls into one bin by its hash, and a bin keeps its smallest value. While bins are empty, every
shingle is hashed anew for the next round and falls into one bin again, but only bins still empty take it;
from round 256 on, round 256 + b gives every shingle to bin b, so no bin stays empty. Every bin is filled by
an element that is a uniform choice from the set, as in MinHash, at a cost of about one hash per shingle, and
with less variance than 256 independent permutations.

The same set gives the same sketch, whatever the order and the repetitions.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes
from buffers.texts import Rows, Texts, row_indices
from buffers.tokens import PLACE, TOTAL, I64s, U64s
from dedup.shingles import Scratch, make_scratch, next_batch, start_walk

U32s: TypeAlias = NDArray[np.uint32]

BINS = 256

_EMPTY = np.uint32(0xFFFFFFFF)
_LARGEST = np.uint32(0xFFFFFFFE)
_NEVER = -1
_BIN_SHIFT = np.uint64(56)
_SHIFT_29 = np.uint64(29)
_SHIFT_32 = np.uint64(32)
_ROUND = np.uint64(0x9E3779B97F4A7C15)
_REHASH_1 = np.uint64(0xBF58476D1CE4E5B9)
_REHASH_2 = np.uint64(0x94D049BB133111EB)


@kernel
def fold_first(shingles: U64s, count: int, bins: U32s) -> None:
    """Round 0 of shingles[:count]: they are hashes already."""
    for index in range(count):
        shingle = shingles[index]
        where = shingle >> _BIN_SHIFT
        bins[where] = min(bins[where], np.uint32(shingle))


@kernel
def settle_first(bins: U32s, filled_in: I64s) -> int:
    """Close round 0: note which bins it filled and return how many are empty."""
    empty = 0
    for where in range(BINS):
        filled_in[where] = 0
        if bins[where] == _EMPTY:
            filled_in[where] = _NEVER
            empty += 1
    return empty


@kernel
def fold_later(shingles: U64s, count: int, turn: int, bins: U32s, filled_in: I64s) -> int:
    """Give shingles[:count] in round `turn` >= 1 to the bins that no earlier round filled.

    `filled_in` int64 [256] is the round that filled each bin. Returns how many bins are newly filled.
    """
    only = np.int64(turn - BINS)
    if only >= 0 and filled_in[only] != _NEVER and filled_in[only] != turn:
        return 0
    filled = 0
    seed = np.uint64(turn) * _ROUND
    for index in range(count):
        mixed = (shingles[index] ^ seed) * _REHASH_1
        mixed = (mixed ^ (mixed >> _SHIFT_32)) * _REHASH_2
        mixed ^= mixed >> _SHIFT_29
        where = np.int64(mixed >> _BIN_SHIFT)
        value = np.uint32(mixed)
        if only >= 0:
            where = only
            value = min(value, _LARGEST)
        if filled_in[where] == turn:
            bins[where] = min(bins[where], value)
        elif filled_in[where] == _NEVER and value != _EMPTY:
            bins[where] = value
            filled_in[where] = turn
            filled += 1
    return filled


@kernel
def _sketch(
    data: Bytes,
    offsets: I64s,
    rows: I64s,
    starts: I64s,
    ends: I64s,
    hashes: U64s,
    shingles: U64s,
    table: U64s,
    cursor: I64s,
    signatures: U32s,
    counts: I64s,
) -> None:
    filled_in = np.empty(BINS, np.int64)
    for index in range(rows.size):
        start = offsets[rows[index]]
        stop = offsets[rows[index] + 1]
        bins = signatures[index]
        bins[:] = _EMPTY
        held = False  # all shingles of the document are in `shingles`
        count = 0
        empty = BINS
        turn = 0
        while empty:
            batches = 0
            if not held:
                start_walk(cursor, start)
            while held or cursor[PLACE] < stop:
                if not held:
                    count = next_batch(data, stop, cursor, starts, ends, hashes, shingles, table)
                    batches += 1
                if turn == 0:
                    fold_first(shingles, count, bins)
                else:
                    empty -= fold_later(shingles, count, turn, bins, filled_in)
                if held:
                    break
            if turn == 0:
                counts[index] = cursor[TOTAL]
                if cursor[TOTAL] == 0:
                    break
                # A document of several batches has so many distinct shingles that the chance of an empty bin is about
                # 10^-25: it is hardly ever walked twice, and gets the right sketch when it is.
                held = batches == 1
                empty = settle_first(bins, filled_in)
            turn += 1


def sketch(texts: Texts, rows: Rows = None, scratch: Scratch | None = None) -> tuple[U32s, I64s]:
    """Sketch the shingle sets of the chosen documents.

    Args:
        texts: documents.
        rows: which of them, in this order; None means all.
        scratch: memory to work in, overwritten; its sizes do not change the result.

    Returns:
        (signatures, shingle_counts): uint32 [rows, 256] and int64 [rows]. A document of fewer than 5 tokens
        has the count 0 and no signature: its row is all 0xFFFFFFFF and must not be banded. Counts include
        repetitions.
    """
    chosen = row_indices(len(texts), rows)
    signatures = np.empty((chosen.size, BINS), np.uint32)
    counts = np.zeros(chosen.size, np.int64)
    _sketch(texts.data, texts.offsets, chosen, *(scratch or make_scratch()), signatures, counts)
    return signatures, counts
