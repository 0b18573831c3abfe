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
from dedup.shingles import Scratch, make_scratch, next_batch, start_walk
from dedup.tokens import PLACE, TOTAL, I64s, U64s

U32s: TypeAlias = NDArray[np.uint32]

BINS = 256

_EMPTY = np.uint32(0xFFFFFFFF)
_LARGEST = np.uint32(0xFFFFFFFE)
_OPEN_BIN = np.uint32(0)
_BIN_SHIFT = np.uint64(56)
_SHIFT_29 = np.uint64(29)
_SHIFT_32 = np.uint64(32)
_ROUND = np.uint64(0x9E3779B97F4A7C15)
_REHASH_1 = np.uint64(0xBF58476D1CE4E5B9)
_REHASH_2 = np.uint64(0x94D049BB133111EB)


@kernel
def fold_round(shingles: U64s, count: int, turn: int, bins: U32s, settled: U32s) -> None:
    """Give shingles[:count] to the bins in one round.

    `settled` [256] is all ones where a bin was filled in an earlier round: or-ed to a value it makes the
    value too large to matter, which costs less than a branch.
    """
    if turn == 0:  # shingles are hashes already
        for index in range(count):
            shingle = shingles[index]
            where = shingle >> _BIN_SHIFT
            bins[where] = min(bins[where], np.uint32(shingle))
        return
    seed = np.uint64(turn) * _ROUND
    if turn < BINS:
        for index in range(count):
            value = (shingles[index] ^ seed) * _REHASH_1
            value = (value ^ (value >> _SHIFT_32)) * _REHASH_2
            value ^= value >> _SHIFT_29
            where = value >> _BIN_SHIFT
            bins[where] = min(bins[where], np.uint32(value) | settled[where])
        return
    only = turn - BINS
    if settled[only] == _OPEN_BIN:
        smallest = bins[only]
        for index in range(count):
            value = (shingles[index] ^ seed) * _REHASH_1
            value = (value ^ (value >> _SHIFT_32)) * _REHASH_2
            value ^= value >> _SHIFT_29
            smallest = min(smallest, min(np.uint32(value), _LARGEST))
        bins[only] = smallest


@kernel
def settle(bins: U32s, settled: U32s) -> int:
    """Mark the filled bins as settled and return how many are still empty."""
    empty = 0
    for where in range(BINS):
        if bins[where] == _EMPTY:
            empty += 1
        else:
            settled[where] = _EMPTY
    return empty


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
    settled = np.empty(BINS, np.uint32)
    for index in range(rows.size):
        start = offsets[rows[index]]
        stop = offsets[rows[index] + 1]
        bins = signatures[index]
        bins[:] = _EMPTY
        settled[:] = _OPEN_BIN
        held = False  # all shingles of the document are in `shingles`
        count = 0
        batches = 0
        turn = 0
        while True:
            if not held:
                start_walk(cursor, start)
                batches = 0
            while held or cursor[PLACE] < stop:
                if not held:
                    count = next_batch(data, stop, cursor, starts, ends, hashes, shingles, table)
                    batches += 1
                fold_round(shingles, count, turn, bins, settled)
                if held:
                    break
            # A document of several batches has so many distinct shingles that the chance of an empty bin is about
            # 10^-25: it is hardly ever walked twice, and gets the right sketch when it is.
            held = batches == 1
            counts[index] = cursor[TOTAL]
            if cursor[TOTAL] == 0 or settle(bins, settled) == 0:
                break
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
