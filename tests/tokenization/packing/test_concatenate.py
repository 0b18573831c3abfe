import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenization.packing.plain import SEPARATOR, documents_strategy, flatten, order_of
from tokenization.packing.concatenate import concatenate
from tokenization.packing.records import Documents


def plain_stream(documents: list[list[int]], order: np.ndarray) -> list[int]:
    return [token for number in order for token in [*documents[number], SEPARATOR]]


@given(documents_strategy, st.integers(1, 9), st.integers(0, 3))
def test_records_are_overlapping_windows_of_the_stream(documents: list[list[int]], length: int, seed: int) -> None:
    order = order_of(documents, seed)
    packed = concatenate(Documents(*flatten(documents), order), length, SEPARATOR)
    padded = plain_stream(documents, order) + [SEPARATOR] * packed.padding
    assert packed.separators == len(documents)
    assert packed.records.tolist() == [padded[r * length : r * length + length + 1] for r in range(len(packed.records))]
    assert len(padded) == (len(packed.records) * length + 1 if documents else 0)
    assert 0 <= packed.padding <= length


@given(documents_strategy, st.integers(1, 9))
def test_every_id_but_the_first_is_predicted_once(documents: list[list[int]], length: int) -> None:
    order = order_of(documents)
    packed = concatenate(Documents(*flatten(documents), order), length, SEPARATOR)
    targets = packed.records[:, 1:].ravel().tolist()
    assert targets == (plain_stream(documents, order) + [SEPARATOR] * packed.padding)[1:]


@given(documents_strategy, st.integers(1, 9))
def test_pieces_are_the_documents(documents: list[list[int]], length: int) -> None:
    order = order_of(documents)
    pieces = concatenate(Documents(*flatten(documents), order), length, SEPARATOR).pieces
    stream = plain_stream(documents, order)
    assert pieces.document.tolist() == order.tolist() and not pieces.first.any() and not pieces.form.any()
    for document, start, tokens, ids in zip(pieces.document, pieces.start, pieces.tokens, pieces.ids, strict=True):
        assert stream[start : start + ids] == documents[document] and tokens == ids


def test_no_documents_give_no_records() -> None:
    packed = concatenate(Documents(*flatten([]), np.zeros(0, np.int64)), 8, SEPARATOR)
    assert packed.records.shape == (0, 9) and packed.separators == packed.padding == 0
