"""Read the fields of a SentencePiece model file that decide how it encodes.

The generated protobuf module that ships with sentencepiece demands a newer protobuf runtime than Beam allows, and
the format needed here is five fields of https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from schemas.errors import CodemillError


class PieceType(IntEnum):
    """SentencePiece.Type."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class ModelType(IntEnum):
    """TrainerSpec.ModelType."""

    UNIGRAM = 1
    BPE = 2
    WORD = 3
    CHAR = 4


class Piece(NamedTuple):
    """One entry of the vocabulary; its id is its place."""

    text: str
    score: float
    type: PieceType


class Model(NamedTuple):
    """A model file.

    Attributes:
        pieces: the vocabulary.
        type: how it segments.
        keeps_text: True when the model neither normalises text nor adds or removes spaces.
    """

    pieces: tuple[Piece, ...]
    type: ModelType
    keeps_text: bool


def parse_model(data: bytes) -> Model:
    """Parse a serialised ModelProto.

    Raises:
        CodemillError: these bytes are not a SentencePiece model.
    """
    try:
        fields = list(_fields(data))
        pieces = tuple(_piece(value) for number, value in fields if number == 1 and isinstance(value, bytes))
        trainer = dict(_fields(b"".join(v for n, v in fields if n == 2 and isinstance(v, bytes))))
        normalizer = dict(_fields(b"".join(v for n, v in fields if n == 3 and isinstance(v, bytes))))
        model_type = ModelType(_integer(trainer.get(3, ModelType.UNIGRAM)))
    except (ValueError, IndexError, struct.error) as error:
        raise CodemillError(f"not a SentencePiece model: {error}", "name a `.model` file") from None
    if not pieces:
        raise CodemillError("not a SentencePiece model: it has no pieces", "name a `.model` file")
    # precompiled_charsmap 2, add_dummy_prefix 3 (default true), remove_extra_whitespaces 4 (true), escape 5 (true)
    keeps_text = not normalizer.get(2, b"") and not _integer(normalizer.get(3, 1))
    keeps_text = keeps_text and not _integer(normalizer.get(4, 1)) and bool(_integer(normalizer.get(5, 1)))
    return Model(pieces, model_type, keeps_text)


def _piece(data: bytes) -> Piece:
    fields = dict(_fields(data))
    text, score = fields.get(1, b""), fields.get(2, b"\0\0\0\0")
    if not isinstance(text, bytes) or not isinstance(score, bytes):
        raise ValueError("a piece has fields of other types")
    return Piece(text.decode(), struct.unpack("<f", score)[0], PieceType(_integer(fields.get(3, PieceType.NORMAL))))


def _integer(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("a number was expected")
    return int(value)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of each field of a protobuf message; fixed-width values come as bytes."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        wire = tag & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield tag >> 3, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {place}")
        if place + size > len(data):
            raise ValueError("it ends within a field")
        yield tag >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
