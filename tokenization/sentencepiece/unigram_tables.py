"""A SentencePiece unigram model as flat arrays, the form in which kernels read it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.errors import CodemillError
from tokenization.sentencepiece.bpe_tables import SPACE_MARK, byte_ids, joined_bytes
from tokenization.sentencepiece.model_proto import Model, PieceType
from tokenization.sentencepiece.piece_trie import piece_trie

_UNKNOWN_PENALTY = np.float32(10)
_FIXED_BONUS = 0.1
_LARGEST = 1e30  # sums of such scores overflow nowhere
_NEWLINE = ord("\n")


class PathTables(NamedTuple):
    """What the search for the best path looks up.

    Attributes:
        trie: uint64 [places], from `piece_trie`.
        scores: float32 [ids + 1], of the pieces that the trie holds; the last one, of no piece, is -inf.
        unknown: the score of a character without a piece.
        largest: no score of a piece or of an unknown character is farther from 0.
    """

    trie: NDArray[np.uint64]
    scores: NDArray[np.float32]
    unknown: np.float32
    largest: float


class UnigramTables(NamedTuple):
    """Lookups of a unigram model.

    Attributes:
        paths: for the search.
        byte_ids: int32 [256], the ids that spell a character without a piece.
    """

    paths: PathTables
    byte_ids: NDArray[np.int32]


def unigram_tables(model: Model) -> UnigramTables:
    """The tables of a unigram model.

    Scores are those that the sentencepiece library computes with from 0.2.2 on, as its answers to made-up models show:
    a normal piece has the model's, a user-defined one of n bytes (a space counts three, as U+2581) 0.1 * n - 0.1, a
    character without a piece the lowest of the normal pieces' less 10; all are rounded to 32 bits.

    Raises:
        CodemillError: the model cannot spell every text, or has scores that are no numbers.
    """
    scores = np.zeros(len(model.pieces) + 1, np.float32)
    pieces = {}
    for i, piece in enumerate(model.pieces):
        if piece.type not in (PieceType.NORMAL, PieceType.USER_DEFINED) or " " in piece.text:
            continue  # a text's spaces are U+2581 to the library, so pieces that hold spaces match nothing
        pieces[piece.text.replace(SPACE_MARK, " ").encode()] = i
        fixed = piece.type == PieceType.USER_DEFINED
        scores[i] = _FIXED_BONUS * len(piece.text.encode()) - _FIXED_BONUS if fixed else piece.score
    normal = np.array([piece.score for piece in model.pieces if piece.type == PieceType.NORMAL], np.float32)
    if not normal.size:
        raise CodemillError("the model has no pieces but single bytes and symbols", "train it on text")
    unknown = normal.min() - _UNKNOWN_PENALTY
    if not np.abs(normal).max() < _LARGEST:  # nor NaN
        raise CodemillError("the model has scores that are no numbers, or none to add up", "train it again")
    largest = max(float(np.abs(scores).max()), abs(float(unknown)))
    scores[-1] = -np.inf
    paths = PathTables(piece_trie(pieces, len(model.pieces)), scores, unknown, largest)
    return UnigramTables(paths, byte_ids(model))


def joined_in_lines(model: Model) -> NDArray[np.uint8]:
    """Where a text must not be cut.

    Returns:
        uint8 [65536], as `joined_bytes`, but with 0 behind a run of line ends and 1 within it.
    """
    joined = joined_bytes(model).reshape(256, 256)
    joined[_NEWLINE, :] = 0
    joined[_NEWLINE, _NEWLINE] = 1
    return joined.reshape(-1)
