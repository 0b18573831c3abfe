from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from tests.tokenization.vocabularies import made_up_model, plain_encode
from tokenization.bpe import unit_cache
from tokenization.bpe.unit_cache import UNIT_BYTES, UNIT_IDS, UnitCache, empty_cache, encode_joined
from tokenization.sentencepiece.bpe_tables import joined_bytes, sentencepiece_tables

MODEL = made_up_model("abc ()é漢", 40, 1)
TABLES = sentencepiece_tables(MODEL)
JOINED = joined_bytes(MODEL)
ALPHABET = "abc ()é漢🎉\n\t\r_\0"
SHARED = empty_cache()


def encoded(documents: list[str], cache: UnitCache) -> list[list[int]]:
    texts = Texts.from_list([document.encode() for document in documents])
    out = np.zeros(int(texts.offsets[-1]) + UNIT_IDS, np.uint32)
    offsets = np.zeros(len(texts) + 1, np.int64)
    encode_joined(texts.data, texts.offsets, JOINED, TABLES, cache, out, offsets)
    return [out[a:b].tolist() for a, b in itertools.pairwise(offsets)]


@given(st.lists(st.text(ALPHABET, max_size=60), max_size=5))
def test_documents_encode_like_the_plain_encoder(documents: list[str]) -> None:
    expected = [plain_encode(MODEL, document) for document in documents]
    assert encoded(documents, SHARED) == expected  # whatever the cache has seen
    assert encoded(documents, SHARED) == expected  # and when it has just seen them


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 17, UNIT_BYTES - 1, UNIT_BYTES, UNIT_BYTES + 1, 300])
def test_units_of_every_size(size: int) -> None:
    draw = random.Random(size)
    documents = ["".join(draw.choice("abc") for _ in range(size)) for _ in range(20)]
    documents += ["a" * size, "_" * size, "漢" * size]
    for _ in range(2):
        assert encoded(documents, SHARED) == [plain_encode(MODEL, document) for document in documents]


@pytest.mark.parametrize("border", ["_", "\n", "\t"])
def test_texts_longer_than_a_span(border: str) -> None:
    draw = random.Random(0)
    words = ["".join(draw.choice("abc(é ") for _ in range(draw.randrange(1, 12))) for _ in range(3000)]
    # No piece crosses the border, so the plain encoder, which is slow on long texts, may go word by word.
    expected = plain_encode(MODEL, words[0])
    for word in words[1:]:
        expected += plain_encode(MODEL, border) + plain_encode(MODEL, word)
    assert encoded([border.join(words)], SHARED) == [expected]


def test_a_unit_longer_than_a_span() -> None:
    draw = random.Random(5)
    text = "".join(draw.choice("abc") for _ in range(9000))
    ids = encoded([text], SHARED)[0]
    assert "".join(MODEL.pieces[i].text for i in ids) == text
    # What is left to check is that no two neighbours would have merged otherwise (see `merging.py`).
    for left, right in itertools.pairwise(ids):
        assert plain_encode(MODEL, MODEL.pieces[left].text + MODEL.pieces[right].text) == [left, right]


def test_a_full_cache_is_emptied_and_gives_the_same_ids() -> None:
    draw = random.Random(2)
    documents = ["_".join("".join(draw.choice("abc") for _ in range(9)) for _ in range(90)) for _ in range(5)]
    cache = empty_cache()
    expected = encoded(documents, cache)
    cache.used[0] = unit_cache._FULL - 5
    cache.rows[:] = 0
    cache.small[:] = 0
    assert encoded(documents, cache) == expected
    assert 0 < cache.used[0] < unit_cache._FULL - 5


def test_units_that_share_places_are_told_apart_by_their_bytes() -> None:
    cache = empty_cache()
    cache = cache._replace(rows=np.zeros((64, cache.rows.shape[1]), np.uint64))
    draw = random.Random(3)
    documents = ["".join(draw.choice("abc") for _ in range(draw.randrange(9, 12))) for _ in range(50)]
    for _ in range(2):
        assert encoded(documents, cache) == [plain_encode(MODEL, document) for document in documents]
