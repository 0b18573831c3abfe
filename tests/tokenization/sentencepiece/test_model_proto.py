from __future__ import annotations

import io
from typing import Any

import pytest
import sentencepiece

from schemas.errors import CodemillError
from tests.corpus import prose_text
from tokenization.sentencepiece.model_proto import ModelType, PieceType, parse_model


def trained(**options: Any) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for i in range(20) for line in prose_text(i).split("\n") if line),
        model_writer=model,
        vocab_size=340,
        byte_fallback=True,
        num_threads=1,
        minloglevel=2,
        **options,
    )
    return model.getvalue()


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_pieces_are_those_the_library_sees(kind: str) -> None:
    data = trained(model_type=kind, user_defined_symbols=["\n"], control_symbols=["<sep>"])
    model = parse_model(data)
    library = sentencepiece.SentencePieceProcessor(model_proto=data)
    assert model.type == ModelType[kind.upper()]
    assert [piece.text for piece in model.pieces] == [library.id_to_piece(i) for i in range(len(library))]
    assert [piece.score for piece in model.pieces] == [library.get_score(i) for i in range(len(library))]
    for i, piece in enumerate(model.pieces):
        assert (piece.type == PieceType.CONTROL) == library.is_control(i)
        assert (piece.type == PieceType.UNKNOWN) == library.is_unknown(i)
        assert (piece.type == PieceType.BYTE) == library.is_byte(i)
    assert [piece.text for piece in model.pieces if piece.type == PieceType.USER_DEFINED] == ["\n"]


KEEPING = {"normalization_rule_name": "identity", "add_dummy_prefix": False, "remove_extra_whitespaces": False}


@pytest.mark.parametrize(
    "change", [{}, {"normalization_rule_name": "nfkc"}, {"add_dummy_prefix": True}, {"remove_extra_whitespaces": True}]
)
def test_a_model_that_changes_texts_is_told_apart(change: dict[str, object]) -> None:
    assert parse_model(trained(model_type="bpe", **{**KEEPING, **change})).keeps_text == (not change)


@pytest.mark.parametrize("data", [b"", b"{}", b"\x0a\xff", b"\x0a\x05ab", b"\xff" * 20, b"\x0b\x00"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(CodemillError, match="not a SentencePiece model"):
        parse_model(data)


def test_a_cut_model_is_refused() -> None:
    data = trained(model_type="bpe")
    with pytest.raises(CodemillError, match="not a SentencePiece model"):
        parse_model(data[: len(data) // 2 + 1])
