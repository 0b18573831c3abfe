import numpy as np
import pytest

from schemas.errors import CodemillError
from tests.tokenization.vocabularies import FIXED, made_up_model
from tokenization.bpe.tables import NO_MERGE, NO_PIECE, merge_of
from tokenization.sentencepiece.bpe_tables import joined_bytes, sentencepiece_tables
from tokenization.sentencepiece.model_proto import Model, Piece, PieceType

MODEL = made_up_model("abé漢 ", 50, 4)
TABLES = sentencepiece_tables(MODEL)
PIECES = {p.text.replace("\u2581", " "): i for i, p in enumerate(MODEL.pieces) if p.type == PieceType.NORMAL}


def test_merges_are_the_joins_that_spell_a_piece() -> None:
    scores = {MODEL.pieces[i].score for i in PIECES.values()}
    for left, left_id in PIECES.items():
        for right, right_id in PIECES.items():
            found = int(merge_of(TABLES.merging.pairs, left_id, right_id))
            piece = PIECES.get(left + right)
            if piece is None:
                assert found == NO_MERGE
            else:
                assert found & 0xFFFFFFFF == piece
                assert found >> 32 == sum(score > MODEL.pieces[piece].score for score in scores)


def test_characters_without_a_piece_never_merge() -> None:
    assert merge_of(TABLES.merging.pairs, NO_PIECE, PIECES["a"]) == NO_MERGE
    assert merge_of(TABLES.merging.pairs, PIECES["a"], NO_PIECE) == NO_MERGE


def test_a_text_may_be_cut_where_no_piece_reaches_across() -> None:
    joined = joined_bytes(MODEL).reshape(256, 256)
    inside = {(a, b) for text in [*PIECES, *FIXED] for a, b in zip(text.encode(), text.encode()[1:], strict=False)}
    for first in range(256):
        for second in range(256):
            assert joined[first, second] == ((first, second) in inside or (0x80 <= second < 0xC0 and first >= 0x80))


def test_the_space_mark_is_no_character_of_its_own() -> None:
    assert TABLES.merging.character_ids[ord("\u2581")] == NO_PIECE
    assert TABLES.merging.character_ids[ord(" ")] == PIECES[" "]


def test_fixed_pieces_stand_longest_first() -> None:
    sizes = np.diff(TABLES.fixed.offsets)
    assert sizes.tolist() == sorted(map(len, FIXED), reverse=True)


def without_bytes(model: Model) -> Model:
    return model._replace(pieces=tuple(p for p in model.pieces if p.type != PieceType.BYTE))


def with_piece(text: str, kind: PieceType) -> Model:
    return MODEL._replace(pieces=(*MODEL.pieces, Piece(text, -1.0, kind)))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (without_bytes(MODEL), "single bytes"),
        (with_piece("ab", PieceType.UNUSED), "unused"),
        (with_piece("aX", PieceType.NORMAL), "'X'"),
    ],
)
def test_what_the_tables_cannot_express_is_refused(model: Model, message: str) -> None:
    with pytest.raises(CodemillError, match=message):
        sentencepiece_tables(model)
