from __future__ import annotations

import numpy as np
import pytest

from evaluation.sampling.growing import Growing
from evaluation.sampling.stops import NOWHERE, Stops, at_patterns
from tests.evaluation.sampling.tiny import tiny_model

TOKENIZER = tiny_model().tokenizer


def ids_of(data: bytes) -> np.ndarray:
    """An id for each byte, so that characters are split."""
    found = {TOKENIZER.decode(np.array([i], np.uint32)): i for i in range(TOKENIZER.size)}
    return np.array([found[bytes([byte])] for byte in data], np.int32)


def grow(data: bytes, stops: Stops = NOWHERE, most: int = 100) -> tuple[Growing, list[str]]:
    growing, settled = Growing(TOKENIZER, stops, most), []
    for i in ids_of(data):
        growing.add(np.array([i]))
        settled.append(growing.settled)
    return growing, settled


def test_no_piece_ends_within_a_character() -> None:
    _, settled = grow("aé→🙂b".encode())
    assert settled == ["a", "a", "aé", "aé", "aé", "aé→", "aé→", "aé→", "aé→", "aé→🙂", "aé→🙂b"]


def test_bytes_that_are_no_text_are_marked_at_the_end() -> None:
    growing, settled = grow(b"a\xf0\x9f", most=3)
    assert settled == ["a", "a", "a\ufffd"]
    assert growing.finished() == ("a\ufffd", 3, "length")


def test_the_separator_ends_it() -> None:
    growing = Growing(TOKENIZER, NOWHERE, 100)
    growing.add(np.concatenate([ids_of(b"ab"), [TOKENIZER.separator_id], ids_of(b"c")]))
    growing.add(ids_of(b"d"))
    assert growing.finished() == ("ab", 3, "separator")


@pytest.mark.parametrize("most", [100, 7])
def test_a_stop_ends_it_even_at_the_last_token(most: int) -> None:
    growing, settled = grow(b"ab\n\ndef", at_patterns("\ndef"), most)
    assert growing.finished() == ("ab\n", 7, "stop")
    assert settled == ["a", "ab", "ab", "ab\n", "ab\n", "ab\n", "ab\n"]
