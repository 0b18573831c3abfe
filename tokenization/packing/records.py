"""What packing gives: records, the pieces of documents in them, and where each piece lies.

A shard's records, in the order in which they were packed, are windows on one row of *places*, `context_length` + 1
wide. Where neighbours overlap, a window begins at the last place of the one before, and `stride` is `context_length`;
where they are separate, it begins behind it, and `stride` is one more.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.keyed_hash import keyed_order


class Form(IntEnum):
    """How a piece is written."""

    PLAIN = 0
    PREFIX_SUFFIX_MIDDLE = 1
    SUFFIX_PREFIX_MIDDLE = 2


class Documents(NamedTuple):
    """Documents to pack.

    Attributes:
        ids: their ids back to back, an integer type that holds the separator too.
        offsets: int64 [documents + 1]; document i is ids[offsets[i]:offsets[i + 1]].
        order: int64 [documents], the order in which they are packed.
    """

    ids: NDArray[Any]
    offsets: NDArray[np.int64]
    order: NDArray[np.int64]


class Pieces(NamedTuple):
    """Stretches of documents, each lying together; int64 [pieces] each, ascending by `start`.

    Attributes:
        document: which of the documents that were given.
        first: the first of the document's tokens in it.
        tokens: how many of its tokens.
        start: place of the first id.
        ids: how many ids it takes from there: as many as tokens, unless it was rewritten.
        form: a `Form`.
    """

    document: NDArray[np.int64]
    first: NDArray[np.int64]
    tokens: NDArray[np.int64]
    start: NDArray[np.int64]
    ids: NDArray[np.int64]
    form: NDArray[np.int64]


class Packed(NamedTuple):
    """Packed documents. What is neither a piece nor a record's head is a separator.

    Attributes:
        records: [n, context_length + 1], of the ids' type; possibly a read-only view in which neighbours overlap.
        pieces: where the documents are.
        separators: places of separators that end a document or a rewritten piece.
        padding: places of separators behind these, up to the end of a record.
    """

    records: NDArray[Any]
    pieces: Pieces
    separators: int
    padding: int


class RecordRange(NamedTuple):
    """ids[begin:end] of a record."""

    record: int
    begin: int
    end: int


def record_order(seed: int, shard_name: str, records: int) -> NDArray[np.int64]:
    """The order in which a shard's records are written: packed record `order[i]` is record i of the file.

    A permutation of [0, records) that depends on nothing but the arguments.
    """
    return keyed_order(seed, f"record order of {shard_name}", records)


def locate(start: int, length: int, context_length: int, stride: int) -> list[RecordRange]:
    """Where the places start, ..., start + length - 1 are, in order, each exactly once.

    The place that two overlapping records share is where it is predicted: the last id of the earlier record.
    """
    ranges = []
    place = start
    while place < start + length:
        record, token = divmod(place, stride)
        if stride == context_length and token == 0 and record > 0:
            record, token = record - 1, context_length
        end = min(context_length + 1, token + start + length - place)
        ranges.append(RecordRange(record, token, end))
        place += end - token
    return ranges
