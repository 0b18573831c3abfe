import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import PADDING, Texts, row_indices

DOCUMENTS = st.lists(st.binary(max_size=40), max_size=12)
TYPES = st.sampled_from([pa.binary(), pa.large_binary()])


def assert_holds(texts: Texts, documents: list[bytes]) -> None:
    assert len(texts) == len(documents)
    assert [texts.document(i) for i in range(len(texts))] == documents
    assert texts.offsets.dtype == np.int64 and texts.data.dtype == np.uint8
    assert texts.offsets[0] == 0
    behind = texts.data[texts.offsets[-1] :]
    assert behind.size >= PADDING and not behind.any()
    assert texts.lengths().tolist() == [len(document) for document in documents]
    assert texts.data.flags.writeable  # else kernels are compiled twice


@given(DOCUMENTS)
def test_from_list(documents: list[bytes]) -> None:
    assert_holds(Texts.from_list(documents), documents)


@given(DOCUMENTS, TYPES, st.data())
def test_from_sliced_arrays(documents: list[bytes], kind: pa.DataType, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(documents)))
    stop = data.draw(st.integers(start, len(documents)))
    array = pa.array(documents, kind).slice(start, stop - start)
    assert_holds(Texts.from_arrow(array), documents[start:stop])


@given(st.lists(st.tuples(DOCUMENTS, st.integers(0, 12)), max_size=4), TYPES)
def test_from_chunked_arrays_with_sliced_and_empty_chunks(
    chunks: list[tuple[list[bytes], int]], kind: pa.DataType
) -> None:
    array = pa.chunked_array([pa.array(documents, kind).slice(skip) for documents, skip in chunks], kind)
    assert_holds(Texts.from_arrow(array), [d for documents, skip in chunks for d in documents[skip:]])


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_from_strings(kind: pa.DataType) -> None:
    assert_holds(Texts.from_arrow(pa.array(["é", "", "日本"], kind)), ["é".encode(), b"", "日本".encode()])


def test_refuses_what_is_not_text() -> None:
    with pytest.raises(ValueError, match="1 of 2 texts are null"):
        Texts.from_arrow(pa.array([b"a", None], pa.large_binary()))
    with pytest.raises(TypeError, match="not int64"):
        Texts.from_arrow(pa.array([1]))


def test_take_copies_rows_in_order_with_repetitions() -> None:
    texts = Texts.from_list([b"zero", b"", b"two", b"three"])
    assert_holds(texts.take(np.array([3, 0, 3, 1])), [b"three", b"zero", b"three", b""])
    assert_holds(texts.take(np.array([True, False, True, False])), [b"zero", b"two"])
    assert_holds(texts.take(np.array([], np.int64)), [])
    assert_holds(texts.take(None), [b"zero", b"", b"two", b"three"])


def test_unpacking_and_pickling_give_the_two_arrays() -> None:
    texts = Texts.from_list([b"a", b"bc", b"def"])
    data, offsets = texts
    assert data is texts.data and offsets is texts.offsets
    assert_holds(pickle.loads(pickle.dumps(texts)), [b"a", b"bc", b"def"])


def test_row_indices_refuses_rows_that_are_not_there() -> None:
    with pytest.raises(IndexError, match=r"-1\.\.0 reach outside 3"):
        row_indices(3, np.array([-1, 0]))
    with pytest.raises(IndexError, match=r"0\.\.3 reach outside 3"):
        row_indices(3, np.array([0, 3]))
    with pytest.raises(IndexError, match="mask of shape"):
        row_indices(3, np.array([True]))
    with pytest.raises(TypeError, match="float64"):
        row_indices(3, np.array([1.0]))


@given(st.lists(st.tuples(st.binary(max_size=9), st.none() | st.binary(max_size=9)), max_size=6))
def test_replace_changes_the_named_documents_alone(documents: list[tuple[bytes, bytes | None]]) -> None:
    changed = {i: new for i, (_, new) in enumerate(documents) if new is not None}
    texts = Texts.from_list([old for old, _ in documents]).replace(changed)
    assert [texts.document(i) for i in range(len(texts))] == [old if new is None else new for old, new in documents]
    assert not texts.data[texts.offsets[-1] :].any() and texts.data.size >= texts.offsets[-1] + PADDING
