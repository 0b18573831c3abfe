"""Packing: documents -> one stream of ids -> records of `context_length` + 1 ids, nothing lost.

The stream is each document's ids followed by one separator. Record r is stream[r * L : r * L + L + 1] for context length
L: neighbours overlap by one id, so training on ids 0..L-1 to predict ids 1..L predicts every id of the stream but its
very first exactly once. The last record is filled up with separators, the padding. For a stream of T > 0 ids

    records n = max(1, ceil((T - 1) / L)),    n * L + 1 = T + padding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.keyed_hash import keyed_order


class Packed(NamedTuple):
    """Documents as records.

    Attributes:
        records: [n, context_length + 1], of the type of the ids.
        starts: int64 [documents], place of each document's first id in the stream.
        stream_tokens: ids of the stream: the documents' and one separator each.
        padding: separators after the stream that fill the last record.
    """

    records: NDArray[Any]
    starts: NDArray[np.int64]
    stream_tokens: int
    padding: int


def pack(ids: NDArray[Any], offsets: NDArray[np.int64], context_length: int, separator_id: int) -> Packed:
    """Pack documents in the order given.

    Args:
        ids: integers [offsets[-1]], the documents' ids back to back.
        offsets: int64 [documents + 1], starting at 0.
        context_length: ids that a record predicts.
        separator_id: stands after each document and fills the last record.
    """
    documents = len(offsets) - 1
    if not documents:
        return Packed(np.zeros((0, context_length + 1), ids.dtype), np.zeros(0, np.int64), 0, 0)
    starts = np.asarray(offsets[:-1], np.int64) + np.arange(documents)
    stream_tokens = len(ids) + documents
    count = max(1, -(-(stream_tokens - 1) // context_length))
    positions = count * context_length + 1
    stream = np.full(positions, separator_id, ids.dtype)
    is_document = np.ones(positions, np.bool_)
    is_document[np.append(starts[1:] - 1, stream_tokens - 1)] = False
    is_document[stream_tokens:] = False
    stream[is_document] = ids
    records = np.lib.stride_tricks.sliding_window_view(stream, context_length + 1)[::context_length]
    return Packed(records, starts, stream_tokens, positions - stream_tokens)


def record_order(seed: int, shard_name: str, count: int) -> NDArray[np.int64]:
    """Which record of the stream stands at each place of the file: a keyed permutation of [0, count)."""
    order: NDArray[np.int64] = keyed_order(seed, shard_name, count)
    return order


def records_of(start: int, tokens: int, context_length: int, count: int) -> range:
    """Records of the stream that hold any of the positions [start, start + tokens); `count` in all."""
    first = max(0, start - 1) // context_length
    last = min(count - 1, max(start, start + tokens - 1) // context_length)
    return range(first, last + 1)
