from __future__ import annotations

import math

import numpy as np
import pytest

from schemas.errors import CodemillError
from tests.tokenization.unigram_vocabularies import made_up_unigram
from tokenization.sentencepiece.bpe_tables import joined_bytes
from tokenization.sentencepiece.model_proto import Model, Piece, PieceType
from tokenization.sentencepiece.unigram_tables import joined_in_lines, unigram_tables

MODEL = made_up_unigram("abé漢 ", 40, 3, "real")


def with_piece(text: str, kind: PieceType, score: float = -1.0) -> Model:
    return MODEL._replace(pieces=(*MODEL.pieces, Piece(text, score, kind)))


def test_scores() -> None:
    paths = unigram_tables(MODEL).paths
    assert paths.scores.size == len(MODEL.pieces) + 1 and paths.scores[-1] == -np.inf
    for i, piece in enumerate(MODEL.pieces):
        if piece.type == PieceType.NORMAL:
            assert paths.scores[i] == np.float32(piece.score)
    fixed = {piece.text: float(paths.scores[i]) for i, piece in enumerate(MODEL.pieces)}
    assert (fixed["\n"], fixed["\r\n"]) == (0.0, float(np.float32(0.1)))
    assert fixed["ab\u2581"] == fixed["é漢"] == float(np.float32(0.4))  # five bytes each
    lowest = min(piece.score for piece in MODEL.pieces if piece.type == PieceType.NORMAL)
    assert paths.unknown == np.float32(lowest) - np.float32(10) == -paths.largest


def test_what_lies_farthest_from_zero_may_be_above_it() -> None:
    assert unigram_tables(with_piece("zz", PieceType.NORMAL, 99)).paths.largest == 99


def test_lines_are_cut_behind_runs_of_line_ends_only() -> None:
    joined, before = joined_in_lines(MODEL).reshape(256, 256), joined_bytes(MODEL).reshape(256, 256)
    assert joined[10].nonzero()[0].tolist() == [10]
    others = np.arange(256) != 10
    assert (joined[others] == before[others]).all()
    assert joined_in_lines(with_piece("\nx", PieceType.NORMAL)).reshape(256, 256)[10, ord("x")] == 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODEL._replace(pieces=tuple(p for p in MODEL.pieces if p.type != PieceType.BYTE)), "single bytes"),
        (MODEL._replace(pieces=tuple(p for p in MODEL.pieces if p.type != PieceType.NORMAL)), "no pieces but"),
        (with_piece("zz", PieceType.NORMAL, math.nan), "no numbers"),
        (with_piece("zz", PieceType.NORMAL, -math.inf), "no numbers"),
        (with_piece("zz", PieceType.NORMAL, 3e38), "no numbers"),
    ],
)
def test_what_the_tables_cannot_express_is_refused(model: Model, message: str) -> None:
    with pytest.raises(CodemillError, match=message):
        unigram_tables(model)
