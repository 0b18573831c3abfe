"""Pack documents into records, and find a document in them again.

A shard's *stream* is its documents' ids, each document followed by one separator. With context length L, record r
holds stream[r * L : r * L + L + 1]: neighbours share one id, so a record predicts L ids and each id but the
stream's first is predicted exactly once. With D documents of T ids in all:

    stream ids      S = T + D
    records         n = ceil((S - 1) / L), 1 when S = 1, 0 when S = 0
    padding             n * L + 1 - S separators at the end, 0 when S = 0
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from schemas.keyed_hash import keyed_order


class Packed(NamedTuple):
    """A stream cut into records.

    Attributes:
        records: [n, context_length + 1], of the ids' type; a read-only view in which neighbours overlap.
        starts: int64 [documents], where in the stream each document begins.
        stream_tokens: S, ids of the stream, separators included and padding not.
        padding: separators behind the stream's end.
    """

    records: NDArray[Any]
    starts: NDArray[np.int64]
    stream_tokens: int
    padding: int


class RecordRange(NamedTuple):
    """ids[begin:end] of a record."""

    record: int
    begin: int
    end: int


def pack(
    ids: NDArray[Any],
    offsets: NDArray[np.int64],
    context_length: int,
    separator_id: int,
    order: NDArray[np.int64] | None = None,
) -> Packed:
    """Pack documents into records.

    Args:
        ids: the documents' ids back to back, an integer type.
        offsets: int64 [documents + 1]; document i is ids[offsets[i]:offsets[i + 1]].
        context_length: L, ids that a record predicts.
        separator_id: the id behind each document and in the padding.
        order: int64 [documents], the documents in the order of the stream; as they lie by default.

    Returns:
        The records; `starts` follow the order of the stream.

    Raises:
        OverflowError: the separator does not fit the ids' type.
    """
    documents = offsets.size - 1
    order = np.arange(documents) if order is None else order
    stream_tokens = ids.size + documents
    records = max(-(-(stream_tokens - 1) // context_length), 1) if stream_tokens else 0
    padded = records * context_length + 1
    stream = np.full(padded, separator_id, ids.dtype)
    starts = np.empty(documents, np.int64)
    _lay(ids, offsets, order, stream, starts)
    windows = np.lib.stride_tricks.sliding_window_view(
        stream if records else np.empty(context_length + 1, ids.dtype), context_length + 1
    )
    return Packed(
        windows[: records * context_length : context_length],
        starts,
        stream_tokens,
        padded - stream_tokens if records else 0,
    )


@kernel
def _lay(
    ids: NDArray[Any],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    stream: NDArray[Any],
    starts: NDArray[np.int64],
) -> None:
    """Copy documents into a stream of separators, a place apart."""
    place = 0
    for i in range(order.size):
        starts[i] = place
        for at in range(offsets[order[i]], offsets[order[i] + 1]):
            stream[place] = ids[at]
            place += 1
        place += 1


def record_order(seed: int, shard_name: str, records: int) -> NDArray[np.int64]:
    """The order in which a shard's records are written: record `order[i]` of the stream is record i of the file.

    A permutation of [0, records) that depends on nothing but the arguments.
    """
    return keyed_order(seed, f"record order of {shard_name}", records)


def locate(start: int, length: int, context_length: int) -> list[RecordRange]:
    """Where the ids stream[start:start + length] are predicted, in order, each exactly once.

    Id 0 of a record repeats the last id of the record before, so an id's place is where it is a target: place p > 0 of
    the stream is id (p - 1) % L + 1 of record (p - 1) // L. The stream's first id is id 0 of record 0.
    """
    ranges = []
    place = start
    while place < start + length:
        record, token = divmod(max(place - 1, 0), context_length)
        begin = token + 1 if place else 0
        end = min(context_length + 1, begin + start + length - place)
        ranges.append(RecordRange(record, begin, end))
        place += end - begin
    return ranges


def stream_position(record: int, token: int, context_length: int) -> int:
    """Place in the stream of id `token` of the stream's record number `record`."""
    return record * context_length + token
