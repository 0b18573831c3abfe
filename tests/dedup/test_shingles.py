from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buffers.texts import Texts
from buffers.tokens import PLACE, TOTAL
from dedup.shingles import make_scratch, next_batch, shingle_sets, start_walk
from tests.dedup import plain
from tests.dedup.strategies import HOSTILE


def sets_of(texts: Texts, rows: list[int] | None = None) -> list[list[int]]:
    values, offsets = shingle_sets(texts, None if rows is None else np.array(rows, np.int64))
    assert values.dtype == np.uint64 and offsets.dtype == np.int64
    assert offsets[0] == 0 and offsets[-1] == values.size
    return [values[low:high].tolist() for low, high in pairwise(offsets)]


@given(st.lists(HOSTILE, max_size=4), st.data())
@example([], None)
@example([b"", b"a b c d", b"a b c d e", b"a a a a a a a"], None)
def test_sets_equal_the_plain_ones(documents: list[bytes], data: st.DataObject | None) -> None:
    texts = Texts.from_list(documents)
    expected = [sorted(set(plain.shingles(document))) for document in documents]
    assert sets_of(texts) == expected
    if data is not None and documents:
        rows = data.draw(st.lists(st.integers(0, len(documents) - 1), max_size=5))
        assert sets_of(texts, rows) == [expected[row] for row in rows]


def test_a_document_longer_than_a_chunk() -> None:
    document = b" ".join(b"word%d" % (i % 3000) for i in range(9000))
    assert sets_of(Texts.from_list([b"x", document])) == [[], sorted(set(plain.shingles(document)))]


def test_layout_and_punctuation_do_not_count_but_order_case_and_digits_do() -> None:
    def one(text: bytes) -> list[int]:
        return sets_of(Texts.from_list([text]))[0]

    base = one(b"for i in range(10): print(i)")
    assert base == one(b"for i in range[10] {\r\n\tprint i;\n}\n")
    for other in (b"for i in range(11): print(i)", b"For i in range(10): print(i)", b"i for in range(10): print(i)"):
        assert base != one(other)


def test_ten_megabytes_of_one_character() -> None:
    giant = b"a" * 10_000_000
    long = b"b " + b"a" * 200_001 + b" c d e"
    values, offsets = shingle_sets(Texts.from_list([giant, long]))
    assert offsets.tolist() == [0, 0, 1]
    assert values.tolist() == plain.shingles(long)


@pytest.mark.parametrize("distinct", [3, 700])
def test_batches_hold_every_shingle_of_a_long_document(distinct: int) -> None:
    document = b" ".join(b"w%d" % (i % distinct) for i in range(5000))
    texts = Texts.from_list([document])
    scratch = make_scratch(64, 256)
    start_walk(scratch.cursor, 0)
    batches = []
    while scratch.cursor[PLACE] < len(document):
        count = next_batch(
            texts.data,
            len(document),
            scratch.cursor,
            scratch.starts,
            scratch.ends,
            scratch.hashes,
            scratch.shingles,
            scratch.table,
        )
        batches.append(scratch.shingles[:count].tolist())
    expected = plain.shingles(document)
    assert scratch.cursor[TOTAL] == len(expected)
    assert {shingle for batch in batches for shingle in batch} == set(expected)
    # Few distinct shingles fit one batch however long the document is.
    assert (len(batches) == 1) == (distinct == 3)


def test_scratch_that_does_not_fit_together_is_refused() -> None:
    for chunk_bytes, batch_shingles in ((100, 1 << 15), (64, 128), (64, 300)):
        with pytest.raises(ValueError, match="do not fit together"):
            make_scratch(chunk_bytes, batch_shingles)
