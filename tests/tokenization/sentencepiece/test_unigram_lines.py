from __future__ import annotations

import itertools
import random
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from tests.tokenization.unigram_vocabularies import (
    KINDS,
    MARK,
    library_ids,
    made_up_unigram,
    model_file,
    plain_lines,
    plain_unigram,
)
from tokenization.bpe import unit_cache
from tokenization.bpe.unit_cache import UNIT_IDS, UnitCache, empty_cache
from tokenization.sentencepiece.model_proto import Model
from tokenization.sentencepiece.tokenizer import SentencePieceTokenizer
from tokenization.sentencepiece.train import train
from tokenization.sentencepiece.unigram_lines import LINE_BYTES, encode_lines, line_arrays, lines_end
from tokenization.sentencepiece.unigram_tables import joined_in_lines, unigram_tables


class Encoder:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.tables, self.joined, self.arrays = unigram_tables(model), joined_in_lines(model), line_arrays()
        self.cache = empty_cache()
        self.library = sentencepiece.SentencePieceProcessor(model_proto=model_file(model))

    def __call__(self, documents: list[str], cache: UnitCache | None = None) -> list[list[int]]:
        texts = Texts.from_list([document.encode() for document in documents])
        out, offsets = np.zeros(int(texts.offsets[-1]) + UNIT_IDS, np.uint32), np.zeros(len(texts) + 1, np.int64)
        cache = self.cache if cache is None else cache
        encode_lines(texts.data, texts.offsets, self.joined, self.tables, cache, self.arrays, out, offsets)
        return [out[a:b].tolist() for a, b in itertools.pairwise(offsets)]

    def expected(self, documents: list[str]) -> list[list[int]]:
        return [library_ids(self.library, document) for document in documents]


ENCODERS = [
    Encoder(made_up_unigram(characters, pieces, pieces, scores))
    for scores in KINDS
    for characters, pieces in (("abcd(", 60), ("aé漢 ", 40), ("abcd", 400))
]
PARTS = [*"abcd( \n\t\r_é漢🎉", "\u0301", "\n\n", "\r\n", "ab ", MARK, "\t\t\t", "     ", "1234567890", "<|endoftext|>"]
documents_of_parts = st.lists(st.lists(st.sampled_from(PARTS), max_size=60).map("".join), max_size=4)


@given(st.sampled_from(ENCODERS), documents_of_parts)
def test_documents_encode_as_the_library_does_their_lines(encoder: Encoder, documents: list[str]) -> None:
    expected = encoder.expected(documents)
    assert encoder(documents) == expected  # whatever the cache has seen
    assert encoder(documents) == expected  # and when it has just seen them


@given(st.sampled_from(ENCODERS), st.text("ab(c _é漢🎉", max_size=40))
def test_a_line_encodes_like_the_plain_encoder(encoder: Encoder, line: str) -> None:
    assert encoder([line]) == [plain_unigram(encoder.model, line)]


@pytest.mark.parametrize("number", range(len(ENCODERS)))
def test_units_far_into_a_line_have_the_ids_of_their_place(number: int) -> None:
    """The same words over and over, so that sums round differently each time, and most words are in the cache."""
    draw, encoder = random.Random(number), ENCODERS[number]
    words = ["".join(draw.choices("abcd(é漢 ", k=draw.randrange(1, 12))) for _ in range(40)]
    words += ["".join(draw.choices("abcd", k=draw.randrange(2, 5))) for _ in range(80)]
    documents = [f"{word}_\n{MARK}{word}\n" for word in words]
    for size in (5, 50, 500, 5000):
        documents.append("".join("_".join(draw.choices(words, k=size)) + "\n" * draw.randrange(1, 6) for _ in range(3)))
    for order in (documents, documents[::-1]):
        cache = empty_cache()
        expected = encoder.expected(order)
        assert encoder(order, cache) == expected
        assert encoder(order, cache) == expected


@pytest.mark.parametrize("size", [1, 7, 8, 9, 40, 41, 300, 511, 512, 513, 9000, LINE_BYTES])
def test_units_of_every_size(size: int) -> None:
    draw = random.Random(size)
    for encoder in ENCODERS[::4]:
        documents = ["".join(draw.choices("abcd", k=size)) for _ in range(3)] + ["a" * size, "漢" * size, " " * size]
        documents += ["x" + document for document in documents]
        assert encoder(documents) == encoder.expected(documents)


MOST = LINE_BYTES
LONG = [
    ("a" * MOST, [MOST]),
    ("a" * MOST + "\n\nb", [MOST + 2, 1]),
    ("a" * MOST + "b", [MOST, 1]),
    ("a" * MOST + " b", [MOST, 2]),
    ("a" * (MOST - 2) + " bcd", [MOST - 2, 4]),
    ("a b" + "c" * MOST, [MOST, 3]),  # the space is too far to the front
    ("a" + "é" * (MOST // 2), [MOST - 1, 2]),
    ("aaa" + "🎉" * (MOST // 4), [MOST - 1, 4]),
    ("\n" * (MOST + 1), [MOST, 1]),
    ("a\n" + "\n" * 2 * MOST + "b", [MOST + 1, MOST, 1, 1]),
    ("", []),
]


@pytest.mark.parametrize(("text", "parts"), LONG)
def test_where_long_lines_are_cut(text: str, parts: list[int]) -> None:
    assert [len(line.encode()) for line in plain_lines(text)] == parts
    data = Texts.from_list([text.encode()]).data
    ends = [0]
    while ends[-1] < len(text.encode()):
        ends.append(lines_end(data, ends[-1], len(text.encode())))
    assert set(ends) <= {0, *itertools.accumulate(parts)}  # several lines at a time
    assert ENCODERS[1]([text]) == ENCODERS[1].expected([text])


def test_long_and_short_lines_together() -> None:
    draw = random.Random(0)
    lines = ["".join(draw.choices("ab é漢", k=int(10 ** (5.1 * draw.random())))) for _ in range(60)]
    text = "".join(line + "\n" * draw.choice([1, 1, 2, 70_000]) for line in lines)
    assert ENCODERS[0]([text, text[::-1]]) == ENCODERS[0].expected([text, text[::-1]])


@pytest.mark.parametrize("byte", [b"\x80", b"\xff", b"\xe2", b"\0", b"\n\x80", b"\0\x80", b"a\xf0"])
def test_long_runs_of_bytes_that_are_no_text_come_back(byte: bytes) -> None:
    tokenizer = SentencePieceTokenizer(model_file(ENCODERS[0].model))
    for data in (byte, byte * 3, byte * 100_000):
        ids = tokenizer.encode(Texts.from_list([b"\x80", data, byte])).ids
        assert tokenizer.decode(ids) == b"\x80" + data + byte


@given(st.lists(st.binary(max_size=60) | st.just("é漢🎉a".encode()[:8])))
def test_bytes_that_are_no_text_come_back(documents: list[bytes]) -> None:
    tokenizer = SentencePieceTokenizer(model_file(ENCODERS[3].model))
    encoded = tokenizer.encode(Texts.from_list(documents))
    assert [tokenizer.decode(encoded.document(i)) for i in range(len(documents))] == documents


def test_a_full_cache_is_emptied_and_gives_the_same_ids() -> None:
    draw, cache = random.Random(2), empty_cache()
    documents = ["_".join("".join(draw.choices("abc", k=9)) for _ in range(90)) for _ in range(5)]
    expected = ENCODERS[0].expected(documents)
    assert ENCODERS[0](documents, cache) == expected
    cache.used[0] = unit_cache._FULL - 5
    cache.rows[:] = 0
    cache.small[:] = 0
    assert ENCODERS[0](documents, cache) == expected
    assert 0 < cache.used[0] < unit_cache._FULL - 5


@pytest.mark.slow
@pytest.mark.parametrize("size", [600, 4000])
def test_ids_of_the_standard_library_equal_the_librarys(tmp_path: Path, size: int) -> None:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    documents = [data.decode() for path in files if _is_text(data := path.read_bytes())]
    tokenizer = train([d.encode() for d in documents[::8]], str(tmp_path), vocabulary_size=size, model="unigram")
    library = sentencepiece.SentencePieceProcessor(model_proto=tokenizer._data)
    documents += [document.replace("\n", " ") for document in documents[::3]]  # long lines
    encoded = tokenizer.encode(Texts.from_list([d.encode() for d in documents]))
    for number, document in enumerate(documents):
        assert encoded.document(number).tolist() == library_ids(library, document)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
