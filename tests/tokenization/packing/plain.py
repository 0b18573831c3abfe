"""What packing must keep true, checked place by place in plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tokenization.packing.records import Form, Packed

SEPARATOR = 7
documents_strategy = st.lists(st.lists(st.integers(0, 6), max_size=30), max_size=12)


def flatten(documents: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([token for document in documents for token in document], np.uint16)
    return ids, np.cumsum([0, *map(len, documents)])


def order_of(documents: list[list[int]], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(len(documents))


def check_separate(packed: Packed, documents: list[list[int]], length: int) -> None:
    """Every id of every document, and its separator, is predicted once, from the id before it in the document."""
    assert packed.records.shape[1:] == (length + 1,)
    predicted: dict[tuple[int, int], int] = {}  # (document, token) -> what stands before it in the record
    known = np.zeros(packed.records.shape, bool)
    known[:, 0] = True
    for document, first, tokens, start, ids, form in zip(*packed.pieces, strict=True):
        record, place = divmod(int(start), length + 1)
        assert place >= 1 and place + ids <= length + 1, "a piece lies in one record, not at its head"
        assert not known[record, place : place + ids].any(), "no two pieces overlap"
        known[record, place : place + ids] = True
        if form == Form.PLAIN:
            assert tokens == ids
            row = packed.records[record].tolist()
            assert row[place : place + ids] == documents[document][first : first + tokens]
            for token in range(ids):
                predicted[document, first + token] = row[place + token - 1]
            end = first + tokens == len(documents[document])
            if end and place + ids <= length:
                assert row[place + ids] == SEPARATOR
                predicted[document, first + tokens] = row[place + ids - 1]
        else:
            assert packed.records[record, place + ids] == SEPARATOR
    for (document, token), before in predicted.items():
        plain_before = (document, token - 1) in predicted
        if token and plain_before:
            assert before == documents[document][token - 1]
    assert (packed.records[~known] == SEPARATOR).all()
    assert packed.records[:, 1:].size == packed.pieces.ids.sum() + packed.separators + packed.padding
    for number, document in enumerate(documents):
        mine = np.flatnonzero(packed.pieces.document == number)
        mine = mine[np.lexsort((packed.pieces.tokens[mine] == 0, packed.pieces.first[mine]))]
        covered = [
            t for i in mine for t in range(packed.pieces.first[i], packed.pieces.first[i] + packed.pieces.tokens[i])
        ]
        assert covered == list(range(len(document)))
