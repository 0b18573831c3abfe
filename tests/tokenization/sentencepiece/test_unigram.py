from __future__ import annotations

import random

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenization.unigram_vocabularies import KINDS, MARK, made_up_unigram, model_file, plain_path, plain_unigram
from tokenization.sentencepiece.model_proto import Model, ModelType, Piece, PieceType
from tokenization.sentencepiece.unigram import (
    EVERYWHERE,
    REBASE,
    SURE_BYTES,
    exact_path,
    path_arrays,
    sure_path,
    write_path,
)
from tokenization.sentencepiece.unigram_tables import UnigramTables, unigram_tables

MODELS = [
    made_up_unigram(characters, pieces, pieces, scores)
    for scores in KINDS
    for characters, pieces in (("ab ", 15), ("aé漢 ", 40), ("abc\n\t ", 80))
]
TABLES = [unigram_tables(model) for model in MODELS]
LIBRARIES = [sentencepiece.SentencePieceProcessor(model_proto=model_file(model)) for model in MODELS]
ARRAYS = path_arrays(1 << 17)
numbers = st.integers(0, len(MODELS) - 1)
texts = st.text("abcé漢🎉\u0301 \n\r\t\0", max_size=60) | st.text("ab ", max_size=200)


def padded(text: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(bytearray(text + bytes(64)), np.uint8)


def written(tables: UnigramTables, text: bytes) -> list[int]:
    """The ids of the path that the scratch arrays hold."""
    out = np.zeros(len(text) + 1, np.uint32)
    none = tables.paths.scores.size - 1
    count = write_path(padded(text), 0, 0, len(text), tables.byte_ids, none, ARRAYS.steps, out, 0)
    return list(map(int, out[:count]))


def exact(tables: UnigramTables, text: bytes, before: float = 0) -> list[int]:
    exact_path(padded(text), 0, len(text), np.float32(before), tables.paths, ARRAYS.best, ARRAYS.steps)
    return written(tables, text)


def sure(tables: UnigramTables, text: bytes) -> tuple[int, list[int]]:
    reach = sure_path(padded(text), 0, len(text), tables.paths, ARRAYS.doubles, ARRAYS.steps)
    return reach, written(tables, text) if reach >= len(text) else []


@given(numbers, texts)
def test_exact_paths_are_the_plain_encoders(number: int, text: str) -> None:
    assert exact(TABLES[number], text.encode()) == plain_unigram(MODELS[number], text)


@given(numbers, texts)
def test_exact_paths_are_the_librarys(number: int, text: str) -> None:
    assert exact(TABLES[number], text.encode()) == LIBRARIES[number].encode(text)


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_long_exact_paths_are_the_librarys(number: int) -> None:
    draw = random.Random(number)
    for alphabet in ("ab ", "abc é漢🎉\n\t", "a"):
        text = "".join(draw.choices(alphabet, k=30_000))
        assert exact(TABLES[number], text.encode()) == LIBRARIES[number].encode(text)


@given(numbers, texts, st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=5))
def test_a_sure_path_is_exact_within_its_reach(number: int, text: str, before: list[float]) -> None:
    tables, data = TABLES[number], text.encode()
    reach, ids = sure(tables, data)
    if reach == EVERYWHERE:
        most = float(REBASE)
    elif reach >= len(data):
        most = (reach - len(data)) * tables.paths.largest
    else:
        return
    for part in (0.0, *before, -1, 1):
        total = float(np.float32(part * most))
        assert ids == exact(tables, data, total) == [i for i in exact(tables, data, total) if i >= 0]


@given(numbers, texts, st.floats(-1, 1, width=32))
def test_where_two_ways_differ_by_rounding_the_plain_encoder_is_followed(number: int, text: str, part: float) -> None:
    total = float(np.float32(part * 2e5))
    path = plain_path(MODELS[number], text, total)
    ids = {
        p.text: i for i, p in enumerate(MODELS[number].pieces) if p.type in (PieceType.NORMAL, PieceType.USER_DEFINED)
    }
    found = [i for i in exact(TABLES[number], text.encode(), total) if MODELS[number].pieces[i].type != PieceType.BYTE]
    assert found == [ids[piece] for piece in path if piece in ids]


def test_most_paths_are_sure_and_ties_are_not() -> None:
    tables = unigram_tables(letters({"a": -1.0, "b": -2.5, "ab": -3.0, "ba": -9.0, "aa": -1.9}))
    assert sure(tables, b"ab")[0] == EVERYWHERE
    assert sure(tables, b"aab")[0] == EVERYWHERE  # aa b, but a ab is close
    assert sure(tables, b"aaa")[0] < 3  # aa a, or a aa
    assert sure(tables, ("ab" + MARK).encode())[0] == 0


def test_the_reach_falls_with_the_difference() -> None:
    reaches = []
    for difference in (1.0, 0.05, 2e-3, 2e-4, 2e-5, 0.0):
        tables = unigram_tables(letters({"a": -1.0, "b": -1.0, "ab": difference - 2.0}))
        reaches.append(sure(tables, b"ab")[0])
    assert reaches == sorted(reaches, reverse=True) and reaches[0] == EVERYWHERE and reaches[-1] == 0
    assert len(set(reaches)) >= 4


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_sums_are_made_smaller_beyond_a_hundred_thousand(sign: int, beyond: int) -> None:
    """Pairs of letters, whose two ways are equal but for rounding, stand behind a sum close to the limit."""
    step = np.nextafter(REBASE, np.float32(REBASE + beyond)) if beyond else REBASE
    draw = random.Random(beyond)
    scores = {"x": float(step) * sign, "_": -3.0}
    for letter in "bcdefghijklm":
        scores[letter] = float(np.float32(-12 * draw.random()))
        scores[letter * 2] = float(np.float32(1.5 * scores[letter]))
    model = letters(scores)
    library = sentencepiece.SentencePieceProcessor(model_proto=model_file(model))
    for letter in "bcdefghijklm":
        for text in ("x" + letter * 3, "xx" + letter * 3, "x_" + letter * 5, letter * 3 + "x" + letter * 7):
            assert exact(unigram_tables(model), text.encode()) == library.encode(text)


def letters(scores: dict[str, float]) -> Model:
    """A model of these pieces alone."""
    pieces = [piece for piece in MODELS[0].pieces if piece.type not in (PieceType.NORMAL, PieceType.UNUSED)]
    return Model((*pieces, *(Piece(*item, PieceType.NORMAL) for item in scores.items())), ModelType.UNIGRAM, True)


@given(numbers, st.binary(max_size=50))
def test_bytes_that_are_no_characters_are_spelled(number: int, data: bytes) -> None:
    spelled = [b"", *([b""] * len(MODELS[number].pieces))]
    for i, piece in enumerate(MODELS[number].pieces):
        if piece.type == PieceType.BYTE:
            spelled[i] = bytes([int(piece.text[1:-1], 16)])
        elif piece.type in (PieceType.NORMAL, PieceType.USER_DEFINED):
            spelled[i] = piece.text.replace(MARK, " ").encode()
    reach, ids = sure(TABLES[number], data)
    assert b"".join(spelled[i] for i in exact(TABLES[number], data)) == data
    assert reach < len(data) or b"".join(spelled[i] for i in ids) == data


def test_the_longest_stretch_that_can_be_sure() -> None:
    tables = unigram_tables(letters({"a": -1.0, "b": -2.0, "ab": -2.5}))
    reach, ids = sure(tables, b"ab" * (SURE_BYTES // 2))
    assert SURE_BYTES <= reach < EVERYWHERE and ids == exact(tables, b"ab" * (SURE_BYTES // 2))
