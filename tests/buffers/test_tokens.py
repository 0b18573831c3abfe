import numpy as np
import pytest
from hypothesis import example, given

from buffers.texts import Texts
from buffers.tokens import PLACE, count_tokens, find_tokens, hash_tokens
from dedup.shingles import make_scratch, start_walk
from tests.dedup import plain
from tests.dedup.strategies import HOSTILE


def walk(document: bytes, chunk_bytes: int) -> tuple[list[bytes], list[int]]:
    """Tokens and their hashes as the kernels find them chunk by chunk, behind another document."""
    texts = Texts.from_list([b"before", document])
    scratch = make_scratch(chunk_bytes, 1 << 15)
    start_walk(scratch.cursor, texts.offsets[1])
    tokens: list[bytes] = []
    hashes: list[int] = []
    while scratch.cursor[PLACE] < texts.offsets[2]:
        found = find_tokens(texts.data, texts.offsets[2], scratch.cursor, scratch.starts, scratch.ends)
        hash_tokens(texts.data, scratch.starts, scratch.ends, found, scratch.hashes, 0)
        spans = zip(scratch.starts[:found].tolist(), scratch.ends[:found].tolist(), strict=True)
        tokens += [texts.data[start:end].tobytes() for start, end in spans]
        hashes += scratch.hashes[:found].tolist()
    return tokens, hashes


@pytest.mark.parametrize("chunk_bytes", [64, 128, 8192])
@given(document=HOSTILE)
@example(document=b"")
@example(document=b"a" * 64)
@example(document=b"a" * 65 + b" " + b"b" * 62 + b" c")
@example(document=b"\xe0" * 130)
def test_tokens_and_hashes_equal_the_plain_ones_at_any_chunk_size(chunk_bytes: int, document: bytes) -> None:
    tokens, hashes = walk(document, chunk_bytes)
    assert tokens == plain.tokens(document)
    assert hashes == [plain.token_hash(token) for token in tokens]
    texts = Texts.from_list([b"x", document])
    count = np.zeros(1, np.int64)
    count_tokens(texts.data, texts.offsets, np.array([1]), count)
    assert count[0] == len(tokens)


def test_words_of_any_script() -> None:
    text = "naïve_2 Straße-été «привет» 日本 x日y"
    words = ["naïve_2", "Straße", "été", "«привет»", "日", "本", "x", "日y"]
    assert plain.tokens(text.encode()) == [word.encode() for word in words]
    assert walk(text.encode(), 64)[0] == [word.encode() for word in words]


def test_the_hash_depends_on_every_byte_and_on_the_length() -> None:
    texts = [b"q" * length for length in range(1, 60)]
    texts += [b"q" * place + b"r" + b"q" * (40 - place) for place in range(41)]
    assert len({plain.token_hash(text) for text in texts}) == len(texts)
