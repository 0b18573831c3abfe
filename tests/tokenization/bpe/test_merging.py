from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenization.vocabularies import made_up_model, plain_encode
from tokenization.bpe.merging import WINDOW, encode_unit, work_array
from tokenization.sentencepiece.bpe_tables import sentencepiece_tables
from tokenization.sentencepiece.model_proto import Model

MODELS = [made_up_model(characters, 60, seed) for seed in range(5) for characters in ("ab", "abc", "aé漢 ")]


def merged(model: Model, text: str) -> list[int]:
    raw = text.encode()
    out = np.zeros(len(raw) + 1, np.uint32)
    data = np.frombuffer(raw + bytes(64), np.uint8)
    count = encode_unit(data, 0, len(raw), sentencepiece_tables(model), work_array(), out, 0)
    return list(map(int, out[:count]))


@given(st.sampled_from(MODELS), st.text("abcé漢🎉 \n\r\t", max_size=30))
def test_short_stretches_merge_like_the_plain_encoder(model: Model, text: str) -> None:
    assert merged(model, text) == plain_encode(model, text)


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_spliced_windows_merge_like_the_plain_encoder(number: int) -> None:
    model = MODELS[number]
    draw = random.Random(number)
    for length in (WINDOW - 1, WINDOW, WINDOW + 1, 5 * WINDOW, 700):
        for alphabet in ("a", "ab", "abc é漢"):
            text = "".join(draw.choice(alphabet) for _ in range(length))
            assert merged(model, text) == plain_encode(model, text)


def test_windows_grow_until_they_agree() -> None:
    # The rank of a join falls along the alphabet, so the choice at the far right decides every pair to its left.
    letters = [chr(0x4E00 + i) for i in range(300)]
    model = made_up_model("".join(letters), 0, 0)
    first = len(model.pieces)
    joins = [
        model.pieces[0]._replace(text=a + b, score=i - 1e6, type=model.pieces[-1].type)
        for i, (a, b) in enumerate(itertools.pairwise(letters))
    ]
    model = model._replace(pieces=(*model.pieces, *joins))
    for length in (299, 300):
        ids = merged(model, "".join(letters[:length]))
        assert ids == plain_encode(model, "".join(letters[:length]))
        assert sum(piece >= first for piece in ids) == length // 2


def test_a_piece_longer_than_a_window() -> None:
    model = made_up_model("a", 0, 0)
    kind = model.pieces[-1].type
    joins = [model.pieces[0]._replace(text="a" * 2**k, score=-float(k), type=kind) for k in range(1, 9)]
    model = model._replace(pieces=(*model.pieces, *joins))
    for length in (255, 256, 257, 1000):
        assert merged(model, "a" * length) == plain_encode(model, "a" * length)


def test_bytes_that_are_not_utf8_stay_inside_their_unit() -> None:
    tables = sentencepiece_tables(MODELS[0])
    for raw in (b"\xf0", b"\xff" * 9, b"a\xe6\xbc", b"\x80a", b"\xfe\xbf\xbf\xbf"):
        out = np.full(len(raw) + 2, 7, np.uint32)
        data = np.frombuffer(raw + bytes(64), np.uint8)
        count = encode_unit(data, 0, len(raw), tables, work_array(), out, 0)
        assert count <= len(raw) and out[len(raw) :].tolist() == [7, 7]
