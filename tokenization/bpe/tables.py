"""A BPE vocabulary as flat arrays, the form in which kernels read it.

The rule that the tables serve: a text starts as its characters (SentencePiece) or bytes (GPT-2); as long as there are
two neighbours that merge, those of the best rank are merged, the leftmost first among equals. SentencePiece merges any
two pieces that together spell a piece, by its score; GPT-2 merges the pairs of a list, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel

NO_PIECE = -1
NO_MERGE = np.uint64(0xFFFFFFFFFFFFFFFF)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class MergeTables(NamedTuple):
    """What merging looks up.

    Attributes:
        bytewise: whether a text starts as its bytes.
        character_ids: int32 [2 ** 21], the id of a code point's own piece, or NO_PIECE; empty when bytewise.
        byte_ids: int32 [256], the ids of single bytes: what a text starts as, or what spells a character without a
            piece.
        pairs: uint64 [places, 2], an open-addressing table: left id << 32 | right id, and rank << 32 | id of the piece
            that they merge into, NO_MERGE where the place is empty. A power of two long and at most a quarter full.
        ascii_merges: uint64 [16384], at first << 7 | second what `pairs` says of these two ASCII characters' pieces.
    """

    bytewise: bool
    character_ids: NDArray[np.int32]
    byte_ids: NDArray[np.int32]
    pairs: NDArray[np.uint64]
    ascii_merges: NDArray[np.uint64]


class FixedPieces(NamedTuple):
    """Pieces that are taken whole wherever they occur, before anything is merged; the longest first.

    Attributes:
        starts: uint8 [256], 1 for bytes that start one.
        data: uint8, their bytes.
        offsets: int64 [pieces + 1] into data.
        ids: int32 [pieces].
    """

    starts: NDArray[np.uint8]
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    ids: NDArray[np.int32]


class BpeTables(NamedTuple):
    """Lookups of a vocabulary.

    They are nested because a kernel counts a reference to each array it is given, which at one call a word is costly:
    each gets what it needs.

    Attributes:
        fixed: pieces taken whole.
        merging: the others.
    """

    fixed: FixedPieces
    merging: MergeTables


def fixed_pieces(pieces: Mapping[bytes, int]) -> FixedPieces:
    """The table of pieces that are taken whole, given as bytes and id."""
    order = sorted(pieces, key=lambda piece: (-len(piece), piece))
    starts = np.zeros(256, np.uint8)
    starts[[piece[0] for piece in order]] = 1
    return FixedPieces(
        starts,
        np.frombuffer(b"".join(order), np.uint8),
        np.cumsum([0, *map(len, order)], dtype=np.int64),
        np.array([pieces[piece] for piece in order], np.int32),
    )


def merge_tables(
    merges: Mapping[tuple[int, int], tuple[int, int]],
    byte_ids: NDArray[np.int32],
    character_ids: NDArray[np.int32] | None = None,
) -> MergeTables:
    """The tables of merging.

    Args:
        merges: (left id, right id) -> (rank, id of the piece that they merge into).
        byte_ids: int32 [256], the id of each byte.
        character_ids: int32 [2 ** 21], the id of each code point or NO_PIECE; None when texts start as bytes.
    """
    pairs = np.full((1 << max(4, (4 * len(merges)).bit_length()), 2), NO_MERGE)
    keys = [left << 32 | right for left, right in merges]
    values = [rank << 32 | piece for rank, piece in merges.values()]
    _fill(pairs, np.array(keys, np.uint64), np.array(values, np.uint64))
    first_ids = byte_ids if character_ids is None else character_ids
    return MergeTables(
        character_ids is None,
        np.empty(0, np.int32) if character_ids is None else character_ids,
        byte_ids,
        pairs,
        _ascii_merges(pairs, first_ids),
    )


@kernel
def _fill(pairs: NDArray[np.uint64], keys: NDArray[np.uint64], values: NDArray[np.uint64]) -> None:
    last = np.uint64(pairs.shape[0] - 1)
    for i in range(keys.size):
        place = (keys[i] * _MULTIPLIER) >> np.uint64(32) & last
        while pairs[place, 1] != NO_MERGE:
            place = (place + np.uint64(1)) & last
        pairs[place, 0] = keys[i]
        pairs[place, 1] = values[i]


@kernel
def merge_of(pairs: NDArray[np.uint64], left: int, right: int) -> np.uint64:
    """Rank << 32 | id of the piece that two pieces merge into, or NO_MERGE; by a vocabulary's pair table."""
    if left < 0 or right < 0:
        return NO_MERGE
    key = (np.uint64(left) << np.uint64(32)) | np.uint64(right)
    last = np.uint64(pairs.shape[0] - 1)
    place = (key * _MULTIPLIER) >> np.uint64(32) & last
    while pairs[place, 1] != NO_MERGE and pairs[place, 0] != key:
        place = (place + np.uint64(1)) & last
    return pairs[place, 1]


@kernel
def _ascii_merges(pairs: NDArray[np.uint64], first_ids: NDArray[np.int32]) -> NDArray[np.uint64]:
    merges = np.empty(1 << 14, np.uint64)
    for first in range(128):
        for second in range(128):
            merges[first << 7 | second] = merge_of(pairs, first_ids[first], first_ids[second])
    return merges
