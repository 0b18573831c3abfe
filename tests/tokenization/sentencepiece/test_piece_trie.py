from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tokenization.sentencepiece.piece_trie import BASE_SHIFT, LABEL_MASK, PIECE_MASK, PIECE_SHIFT, piece_trie

NONE = 1 << 20


def walk(trie: NDArray[np.uint64], text: bytes) -> list[tuple[int, int]]:
    """(length, id) of each piece that a text begins with."""
    found, base = [], 0
    for length, byte in enumerate(text, 1):
        word = trie[base + byte]
        if word & LABEL_MASK != byte:
            break
        piece = int(word >> PIECE_SHIFT & PIECE_MASK)
        found += [(length, piece)] if piece != NONE else []
        base = int(word >> BASE_SHIFT)
    return found


def expected(pieces: dict[bytes, int], text: bytes) -> list[tuple[int, int]]:
    return [(n, pieces[text[:n]]) for n in range(1, len(text) + 1) if text[:n] in pieces]


few_bytes = st.lists(st.sampled_from(b"\0\1ab\x7f\x80\xff"), min_size=1, max_size=6).map(bytes)


@given(st.sets(few_bytes, min_size=1, max_size=40), st.lists(few_bytes, max_size=20))
def test_a_walk_finds_every_piece_and_no_other(texts: set[bytes], others: list[bytes]) -> None:
    pieces = {text: number for number, text in enumerate(sorted(texts, reverse=True))}
    trie = piece_trie(pieces, NONE)
    for text in [*texts, *others]:
        for more in (b"", b"a", b"\0\0", b"\xff\xff"):
            assert walk(trie, text + more) == expected(pieces, text + more)


@pytest.mark.parametrize("alphabet", [bytes(range(256)), b"abcdefghijklmnopqrstuvwxyz _", b"ab"])
def test_many_pieces(alphabet: bytes) -> None:
    draw = random.Random(len(alphabet))
    texts = {bytes(draw.choices(alphabet, k=draw.randrange(1, 9))) for _ in range(5000)}
    pieces = {text: number for number, text in enumerate(sorted(texts))}
    trie = piece_trie(pieces, NONE)
    nodes = {text[:length] for text in texts for length in range(1, len(text) + 1)}
    assert np.count_nonzero((trie & LABEL_MASK) < 256) == len(nodes)
    assert int((trie >> BASE_SHIFT).max()) + 256 <= trie.size
    for text in texts:
        assert walk(trie, text + b"abc") == expected(pieces, text + b"abc")
    for _ in range(5000):
        text = bytes(draw.choices(alphabet, k=9))
        assert walk(trie, text) == expected(pieces, text)


def test_every_byte_at_every_node_is_inside() -> None:
    trie = piece_trie({b"a": 0, b"ab": 1, b"\xff\xff": 2}, NONE)
    for first in (b"", b"a", b"ab", b"\xff", b"\xff\xff"):
        for byte in range(256):
            walk(trie, first + bytes([byte]))
