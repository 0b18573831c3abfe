"""Concatenation: documents back to back, each followed by one separator, cut into records that overlap by one id.

With context length L, record r holds stream[r * L : r * L + L + 1], so a record predicts L ids and each id but the
stream's first is predicted exactly once. With D documents of T ids in all:

    stream ids      S = T + D
    records         n = ceil((S - 1) / L), 1 when S = 1, 0 when S = 0
    padding             n * L + 1 - S separators at the end, 0 when S = 0
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.packing.records import Documents, Form, Packed, Pieces


def concatenate(documents: Documents, context_length: int, separator_id: int) -> Packed:
    """Pack documents into overlapping records; only the stream's end is padded.

    Args:
        documents: what to pack.
        context_length: L, ids that a record predicts.
        separator_id: the id behind each document and in the padding.

    Raises:
        OverflowError: the separator does not fit the ids' type.
    """
    ids, offsets, order = documents
    lengths = np.diff(offsets)[order]
    stream_ids = int(lengths.sum()) + order.size
    records = max(-(-(stream_ids - 1) // context_length), 1) if stream_ids else 0
    places = records * context_length + 1 if records else 0
    stream = np.full(places, separator_id, ids.dtype)
    starts = np.empty(order.size, np.int64)
    _lay(ids, offsets, order, stream, starts)
    windows = np.lib.stride_tricks.sliding_window_view(
        stream if records else np.empty(context_length + 1, ids.dtype), context_length + 1
    )
    return Packed(
        windows[: records * context_length : context_length],
        Pieces(
            document=order,
            first=np.zeros_like(starts),
            tokens=lengths,
            start=starts,
            ids=lengths,
            form=np.full_like(starts, Form.PLAIN),
        ),
        separators=order.size,
        padding=places - stream_ids,
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
