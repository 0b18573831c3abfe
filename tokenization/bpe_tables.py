"""A BPE vocabulary as flat arrays, the form in which kernels read it.

The rule that the tables serve is SentencePiece's: a text starts as its characters; as long as some two neighbours
together spell a piece, those with the best score are merged, the leftmost first among equals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from schemas.errors import CodemillError
from tokenization.model_proto import Model, PieceType

SPACE_MARK = "\u2581"
"""SentencePiece's spelling of a space within pieces."""

NO_PIECE = -1
NO_MERGE = np.uint64(0xFFFFFFFFFFFFFFFF)
_CODE_POINTS = 1 << 21  # what the bits of four bytes of UTF-8 can say, so that no text leads a kernel outside
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class MergeTables(NamedTuple):
    """What merging looks up.

    Attributes:
        character_ids: int32 [2 ** 21], the id of a code point's own piece, or NO_PIECE.
        byte_ids: int32 [256], the ids that spell a character without a piece.
        pairs: uint64 [places, 2], an open-addressing table: left id << 32 | right id, and rank << 32 | id of the piece
            that they merge into, NO_MERGE where the place is empty. A power of two long and at most a quarter full.
        ascii_merges: uint64 [16384], at first << 7 | second what `pairs` says of these two ASCII characters' pieces.
    """

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
        joined: uint8 [65536], 1 at first << 8 | second when some piece holds these two bytes in a row or when the
            second continues a character. Elsewhere a text may be cut: no piece can reach across.
        fixed: pieces taken whole.
        merging: the others.
    """

    joined: NDArray[np.uint8]
    fixed: FixedPieces
    merging: MergeTables


def bpe_tables(model: Model) -> BpeTables:
    """The tables of a SentencePiece BPE model.

    Raises:
        CodemillError: the model holds what these tables cannot express.
    """
    normal = {p.text.replace(SPACE_MARK, " "): i for i, p in enumerate(model.pieces) if p.type == PieceType.NORMAL}
    fixed = {p.text.replace(SPACE_MARK, " "): i for i, p in enumerate(model.pieces) if p.type == PieceType.USER_DEFINED}
    _check(model, normal)
    character_ids = np.full(_CODE_POINTS, NO_PIECE, np.int32)
    for text, piece in normal.items():
        if len(text) == 1:
            character_ids[ord(text)] = piece
    fixed_order = sorted(fixed, key=lambda text: (-len(text.encode()), text))
    fixed_parts = [text.encode() for text in fixed_order]
    starts = np.zeros(256, np.uint8)
    starts[[part[0] for part in fixed_parts]] = 1
    pairs = _pair_table(model, normal)
    return BpeTables(
        _joined([text.encode() for text in (*normal, *fixed)]),
        FixedPieces(
            starts,
            np.frombuffer(b"".join(fixed_parts), np.uint8),
            np.cumsum([0, *map(len, fixed_parts)], dtype=np.int64),
            np.array([fixed[text] for text in fixed_order], np.int32),
        ),
        MergeTables(character_ids, _byte_ids(model), pairs, _ascii_merges(pairs, character_ids)),
    )


def _check(model: Model, normal: dict[str, int]) -> None:
    if any(piece.type == PieceType.UNUSED for piece in model.pieces):
        raise CodemillError("the model has unused pieces", "train it without a vocabulary restriction")
    lacking = sorted({c for text in normal for c in text} - normal.keys())
    if lacking:
        raise CodemillError(
            f"the model has pieces with the character {lacking[0]!r}, which is no piece itself",
            "train it with sentencepiece's own trainer",
        )


def _byte_ids(model: Model) -> NDArray[np.int32]:
    spelled = {piece.text: i for i, piece in enumerate(model.pieces) if piece.type == PieceType.BYTE}
    names = [f"<0x{byte:02X}>" for byte in range(256)]
    if not all(name in spelled for name in names):
        raise CodemillError("the model has no pieces for single bytes", "train it with byte_fallback")
    return np.array([spelled[name] for name in names], np.int32)


def _pair_table(model: Model, normal: dict[str, int]) -> NDArray[np.uint64]:
    scores = sorted({model.pieces[i].score for i in normal.values()}, reverse=True)
    rank_of = {score: rank for rank, score in enumerate(scores)}
    keys, values = [], []
    for text, piece in normal.items():
        for cut in range(1, len(text)):
            left, right = normal.get(text[:cut]), normal.get(text[cut:])
            if left is not None and right is not None:
                keys.append(left << 32 | right)
                values.append(rank_of[model.pieces[piece].score] << 32 | piece)
    pairs = np.full((1 << max(4, (4 * len(keys)).bit_length()), 2), NO_MERGE)
    _fill(pairs, np.array(keys, np.uint64), np.array(values, np.uint64))
    return pairs


def _joined(pieces: list[bytes]) -> NDArray[np.uint8]:
    joined = np.zeros((256, 256), np.uint8)
    joined[:, 0x80:0xC0] = 1  # a character is never cut
    for piece in pieces:
        joined[list(piece[:-1]), list(piece[1:])] = 1
    return joined.reshape(-1)


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
def _ascii_merges(pairs: NDArray[np.uint64], character_ids: NDArray[np.int32]) -> NDArray[np.uint64]:
    merges = np.empty(1 << 14, np.uint64)
    for first in range(128):
        for second in range(128):
            merges[first << 7 | second] = merge_of(pairs, character_ids[first], character_ids[second])
    return merges
