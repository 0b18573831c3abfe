import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenization.packing.plain import SEPARATOR, check_separate, documents_strategy, flatten, order_of
from tokenization.packing.best_fit import best_fit
from tokenization.packing.records import Documents


def plain_fit(sizes: list[int], alone: list[bool], capacity: int) -> int:
    """How many records best-fit decreasing needs, one look at every record for each piece."""
    rooms: list[int] = []
    for size, opens in sorted(zip(sizes, alone, strict=True), key=lambda piece: (not piece[1], -piece[0])):
        fitting = [i for i, room in enumerate(rooms) if room >= size]
        if opens or not fitting:
            rooms.append(capacity - size)
        else:
            rooms[min(fitting, key=lambda i: rooms[i])] -= size
    return len(rooms)


@given(documents_strategy, st.integers(1, 70), st.integers(0, 3))
def test_no_document_that_fits_is_cut(documents: list[list[int]], length: int, seed: int) -> None:
    packed = best_fit(Documents(*flatten(documents), order_of(documents, seed)), length, SEPARATOR)
    check_separate(packed, documents, length)
    assert packed.separators == len(documents)
    for number, document in enumerate(documents):
        pieces = int((packed.pieces.document == number).sum())
        assert pieces == len(document) // length + 1


@given(documents_strategy, st.integers(1, 200))
def test_as_few_records_as_plain_best_fit(documents: list[list[int]], length: int) -> None:
    packed = best_fit(Documents(*flatten(documents), order_of(documents)), length, SEPARATOR)
    sizes = [
        min(len(d) - first, length - 1) + 1 if len(d) - first < length else length
        for d in documents
        for first in range(0, len(d) + 1, length)
    ]
    alone = [first > 0 for d in documents for first in range(0, len(d) + 1, length)]
    assert len(packed.records) == plain_fit(sizes, alone, length)


@given(documents_strategy, st.integers(1, 20))
def test_what_goes_on_has_the_id_before_it_at_the_head(documents: list[list[int]], length: int) -> None:
    packed = best_fit(Documents(*flatten(documents), order_of(documents)), length, SEPARATOR)
    heads = np.full(len(packed.records), SEPARATOR)
    for document, first, start in zip(packed.pieces.document, packed.pieces.first, packed.pieces.start, strict=True):
        if first:
            record, place = divmod(int(start), length + 1)
            assert place == 1
            heads[record] = documents[document][first - 1]
    assert packed.records[:, 0].tolist() == heads.tolist()


def test_many_real_lengths_fill_records_almost_wholly() -> None:
    lengths = np.random.default_rng(5).lognormal(6.3, 1.3, 20_000).astype(np.int64)
    offsets = np.r_[0, np.cumsum(lengths)]
    packed = best_fit(Documents(np.zeros(offsets[-1], np.uint16), offsets, np.arange(lengths.size)), 2048, SEPARATOR)
    assert packed.padding < 0.001 * packed.records.size
