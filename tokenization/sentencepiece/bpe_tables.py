"""The tables of a SentencePiece BPE model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.errors import CodemillError
from tokenization.bpe.tables import NO_PIECE, BpeTables, fixed_pieces, merge_tables
from tokenization.sentencepiece.model_proto import Model, PieceType
from tokenization.utf8 import CODE_POINTS

SPACE_MARK = "\u2581"
"""SentencePiece's spelling of a space within pieces."""


def sentencepiece_tables(model: Model) -> BpeTables:
    """The tables of a SentencePiece BPE model.

    Raises:
        CodemillError: the model holds what these tables cannot express.
    """
    normal = _pieces(model, PieceType.NORMAL)
    _check(model, normal)
    character_ids = np.full(CODE_POINTS, NO_PIECE, np.int32)
    for text, piece in normal.items():
        if len(text) == 1:
            character_ids[ord(text)] = piece
    fixed = {text.encode(): piece for text, piece in _pieces(model, PieceType.USER_DEFINED).items()}
    return BpeTables(fixed_pieces(fixed), merge_tables(_merges(model, normal), byte_ids(model), character_ids))


def joined_bytes(model: Model) -> NDArray[np.uint8]:
    """Where a text must not be cut.

    Returns:
        uint8 [65536], 1 at first << 8 | second when some piece holds these two bytes in a row or when they may
        be of one character. Elsewhere no piece can reach across.
    """
    joined = np.zeros((256, 256), np.uint8)
    joined[0x80:, 0x80:0xC0] = 1  # a character is never cut
    for text in _pieces(model, PieceType.NORMAL) | _pieces(model, PieceType.USER_DEFINED):
        piece = text.encode()
        joined[list(piece[:-1]), list(piece[1:])] = 1
    return joined.reshape(-1)


def _pieces(model: Model, kind: PieceType) -> dict[str, int]:
    return {piece.text.replace(SPACE_MARK, " "): i for i, piece in enumerate(model.pieces) if piece.type == kind}


def _check(model: Model, normal: dict[str, int]) -> None:
    if any(piece.type == PieceType.UNUSED for piece in model.pieces):
        raise CodemillError("the model has unused pieces", "train it without a vocabulary restriction")
    lacking = sorted({c for text in normal for c in text} - normal.keys())
    if lacking:
        raise CodemillError(
            f"the model has pieces with the character {lacking[0]!r}, which is no piece itself",
            "train it with sentencepiece's own trainer",
        )


def byte_ids(model: Model) -> NDArray[np.int32]:
    """The ids of single bytes, int32 [256].

    Raises:
        CodemillError: some byte has none.
    """
    spelled = {piece.text: i for i, piece in enumerate(model.pieces) if piece.type == PieceType.BYTE}
    names = [f"<0x{byte:02X}>" for byte in range(256)]
    if not all(name in spelled for name in names):
        raise CodemillError("the model has no pieces for single bytes", "train it with byte_fallback")
    return np.array([spelled[name] for name in names], np.int32)


def _merges(model: Model, normal: dict[str, int]) -> dict[tuple[int, int], tuple[int, int]]:
    scores = sorted({model.pieces[i].score for i in normal.values()}, reverse=True)
    rank_of = {score: rank for rank, score in enumerate(scores)}
    merges = {}
    for text, piece in normal.items():
        for cut in range(1, len(text)):
            left, right = normal.get(text[:cut]), normal.get(text[cut:])
            if left is not None and right is not None:
                merges[left, right] = (rank_of[model.pieces[piece].score], piece)
    return merges
