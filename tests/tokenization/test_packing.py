import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenization.packing import locate, pack, record_order, stream_position

SEPARATOR = 7
documents_strategy = st.lists(st.lists(st.integers(0, 6), max_size=30), max_size=12)


def plain_stream(documents: list[list[int]]) -> list[int]:
    return [token for document in documents for token in [*document, SEPARATOR]]


def flatten(documents: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([token for document in documents for token in document], np.uint16)
    return ids, np.cumsum([0, *map(len, documents)])


@given(documents_strategy, st.integers(1, 9))
def test_records_are_overlapping_windows_of_the_stream(documents: list[list[int]], length: int) -> None:
    packed = pack(*flatten(documents), length, SEPARATOR)
    stream = plain_stream(documents)
    padded = stream + [SEPARATOR] * packed.padding
    assert packed.stream_tokens == len(stream)
    assert packed.records.tolist() == [padded[r * length : r * length + length + 1] for r in range(len(packed.records))]
    assert len(padded) == (len(packed.records) * length + 1 if documents else 0)
    assert 0 <= packed.padding <= length


@given(documents_strategy, st.integers(1, 9))
def test_every_id_but_the_first_is_predicted_once(documents: list[list[int]], length: int) -> None:
    packed = pack(*flatten(documents), length, SEPARATOR)
    targets = packed.records[:, 1:].ravel().tolist()
    assert targets == (plain_stream(documents) + [SEPARATOR] * packed.padding)[1:]


@given(documents_strategy, st.integers(1, 9))
def test_starts_point_at_the_documents(documents: list[list[int]], length: int) -> None:
    packed = pack(*flatten(documents), length, SEPARATOR)
    stream = plain_stream(documents)
    for start, document in zip(packed.starts, documents, strict=True):
        assert stream[start : start + len(document)] == document


@given(st.integers(0, 60), st.integers(0, 20), st.integers(1, 9))
def test_located_ranges_hold_each_place_once(start: int, tokens: int, length: int) -> None:
    places = [
        stream_position(found.record, token, length)
        for found in locate(start, tokens, length)
        for token in range(found.begin, found.end)
    ]
    assert places == list(range(start, start + tokens))


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_the_order_is_a_permutation_that_the_name_decides(count: int) -> None:
    order = record_order(1, "shards/a", count)
    assert sorted(order.tolist()) == list(range(count))
    assert count < 10 or order.tolist() != record_order(1, "shards/b", count).tolist()


def test_no_documents_give_no_records() -> None:
    packed = pack(np.zeros(0, np.uint16), np.zeros(1, np.int64), 8, SEPARATOR)
    assert packed.records.shape == (0, 9) and packed.stream_tokens == packed.padding == 0
