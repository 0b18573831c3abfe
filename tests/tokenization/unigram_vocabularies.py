"""Made-up unigram models, their files, and the slow plain encoder that the kernels are held against."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from typing import Literal

import numpy as np
import sentencepiece

from tokenization.sentencepiece.model_proto import Model, ModelType, Piece, PieceType

MARK = "\u2581"
FIXED = ["\n", "\n\n", "\r\n", "\t", "ab ", "é漢"]
LINE_BYTES = 1 << 16
Scores = Literal["real", "whole", "both signs", "large", "equal", "close"]
KINDS: tuple[Scores, ...] = ("real", "whole", "both signs", "large", "equal", "close")
_DRAWS: dict[Scores, Callable[[random.Random, str], float]] = {
    "real": lambda draw, text: -12 * draw.random(),
    "whole": lambda draw, text: -float(draw.randrange(1, 6)),
    "both signs": lambda draw, text: 6 * draw.random() - 3,
    "large": lambda draw, text: -1e5 * draw.random(),
    "equal": lambda draw, text: -1.5,
    # As much as the characters alone, but for differences that are lost in rounding, sooner or later in a line.
    "close": lambda draw, text: (
        -sum(4 + ord(c) % 7 / 3 for c in text) + draw.choice([-1, 1]) * 10 ** -draw.uniform(1, 7)
    ),
}


def made_up_unigram(characters: str, pieces: int, seed: int, scores: Scores) -> Model:
    """A model of a space and random strings with random scores; a few pieces are unused."""
    draw = random.Random(seed)
    texts = {" "}
    for _ in range(pieces):
        texts.add("".join(draw.choice(characters) for _ in range(draw.choice([1, 1, 2, 2, 3, 4, 5, 9]))))
    made = [Piece("<unk>", 0, PieceType.UNKNOWN), Piece("<|endoftext|>", 0, PieceType.CONTROL)]
    made += [Piece(text.replace(" ", MARK), 0, PieceType.USER_DEFINED) for text in FIXED]
    made += [Piece(f"<0x{byte:02X}>", 0, PieceType.BYTE) for byte in range(256)]
    for text in sorted(texts - set(FIXED)):
        kind = PieceType.UNUSED if text != " " and draw.random() < 0.05 else PieceType.NORMAL
        made.append(Piece(text.replace(" ", MARK), float(np.float32(_DRAWS[scores](draw, text))), kind))
    return Model(tuple(made), ModelType.UNIGRAM, True)


def model_file(model: Model) -> bytes:
    """The file of a model that keeps texts."""
    made = b""
    for piece in model.pieces:
        fields = (
            _field(1, piece.text.encode()) + b"\x15" + struct.pack("<f", piece.score) + b"\x18" + bytes([piece.type])
        )
        made += _field(1, fields)
    made += _field(2, b"\x18" + bytes([model.type]) + b"\x98\x02\x01")  # the type of the model, and byte_fallback
    return made + _field(3, _field(1, b"identity") + b"\x18\0\x20\0\x28\1")  # no dummy prefix, all spaces, escaped


def _field(number: int, data: bytes) -> bytes:
    size, tail = len(data), b""
    while size > 127:
        tail += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + tail + bytes([size]) + data


def plain_path(model: Model, text: str, before: float = 0) -> list[str]:
    """The best path through a line, as the library finds it; the texts of its pieces, with spaces as MARK."""
    scores = {}
    for piece in model.pieces:
        if piece.type == PieceType.NORMAL:
            scores[piece.text.encode()] = np.float32(piece.score)
        elif piece.type == PieceType.USER_DEFINED:
            scores[piece.text.encode()] = np.float32(0.1 * len(piece.text.encode()) - 0.1)
    longest = max(map(len, scores))
    unknown = min(np.float32(p.score) for p in model.pieces if p.type == PieceType.NORMAL) - np.float32(10)
    data = text.replace(" ", MARK).encode()
    best: dict[int, np.float32] = {0: np.float32(before)}
    came: dict[int, int] = {}
    at = 0
    for character in data.decode():
        here = best[at]
        if abs(here) > 1e5:
            best = {place: np.float32(score - here) for place, score in best.items() if place > at}
            here = np.float32(0)
        size = len(character.encode())
        ways = {to: scores.get(data[at:to]) for to in range(at + 1, min(at + longest, len(data)) + 1)}
        if ways[at + size] is None:
            ways[at + size] = unknown
        for to, score in ways.items():
            if score is not None and (to not in best or here + score > best[to]):
                best[to], came[to] = here + score, at
        at += size
    path = []
    while at > 0:
        path.append(data[came[at] : at].decode())
        at = came[at]
    return path[::-1]


def plain_unigram(model: Model, text: str) -> list[int]:
    """The ids of a line without U+2581."""
    ids = {p.text: i for i, p in enumerate(model.pieces) if p.type in (PieceType.NORMAL, PieceType.USER_DEFINED)}
    byte_ids = {p.text: i for i, p in enumerate(model.pieces) if p.type == PieceType.BYTE}
    found: list[int] = []
    for piece in plain_path(model, text):
        found += [ids[piece]] if piece in ids else [byte_ids[f"<0x{byte:02X}>"] for byte in piece.encode()]
    return found


def plain_lines(text: str) -> list[str]:
    """The lines of a text, each with the line ends behind it; those that are too long in parts."""
    data, lines, start = text.encode(), [], 0
    line = re.compile(b"[^\n]{0,%d}\n{0,%d}" % (LINE_BYTES, LINE_BYTES))
    while start < len(data):
        found = line.match(data, start)
        assert found is not None  # it matches nothing, too
        end = found.end()
        if end < len(data) and data[end - 1 : end] != b"\n":
            space = data.rfind(b" ", start + LINE_BYTES // 2, end)
            if data[end : end + 1] != b" " and space >= 0:
                end = space
            while data[end] & 0xC0 == 0x80:
                end -= 1
        lines.append(data[start:end].decode())
        start = end
    return lines


def library_ids(library: sentencepiece.SentencePieceProcessor, text: str) -> list[int]:
    """What the library gives for each line of a text; MARK is spelled in bytes and begins a line anew."""
    mark = [library.piece_to_id(f"<0x{byte:02X}>") for byte in MARK.encode()]
    found: list[int] = []
    for line in plain_lines(text):
        for number, part in enumerate(line.split(MARK)):
            found += mark if number else []
            found += library.encode(part)
    return found
