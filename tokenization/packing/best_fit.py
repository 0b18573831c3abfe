"""Best fit: no document that fits a record is cut, and little is padded.

Documents longer than a record give full records and a rest. Rests and documents are then put, the largest first, into
the fullest record that still has room (best-fit decreasing; for language models Ding et al. 2024, arXiv 2404.10830).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.packing.records import Documents, Form, Packed
from tokenization.packing.separate import Cuts, lay

_WORD = 64


def best_fit(documents: Documents, context_length: int, separator_id: int) -> Packed:
    """Pack documents into separate records; the arguments are those of `concatenate`."""
    cuts = _cut(documents.offsets, context_length, documents.order)
    return lay(documents.ids, cuts, fit(cuts, context_length), context_length, separator_id)


def _cut(offsets: NDArray[np.int64], context_length: int, order: NDArray[np.int64]) -> Cuts:
    """Full records of each document, and its rest with the separator."""
    lengths = np.diff(offsets)[order]
    full = lengths // context_length
    pieces = full + 1
    row = np.repeat(np.arange(order.size), pieces)
    number = np.arange(row.size) - (np.cumsum(pieces) - pieces)[row]
    first = number * context_length
    tokens = np.minimum(lengths[row] - first, context_length)
    return Cuts(
        document=order[row],
        first=first,
        tokens=tokens,
        source=offsets[order][row] + first,
        ids=tokens,
        form=np.full_like(first, Form.PLAIN),
        closed=number == full[row],
        goes_on=number > 0,
    )


def fit(cuts: Cuts, context_length: int) -> NDArray[np.int64]:
    """A record for each piece, int64 [pieces], as few records as best-fit decreasing finds.

    Pieces that go on from another open a record each; the rest is placed in the order of size, then of the pieces.
    """
    sizes = cuts.sizes()
    order = np.lexsort((np.arange(sizes.size), -sizes, ~cuts.goes_on))
    record = np.empty(sizes.size, np.int64)
    _fit(sizes[order], int(cuts.goes_on.sum()), context_length, record)
    result = np.empty_like(record)
    result[order] = record
    return result


@kernel
def _fit(sizes: NDArray[np.int64], alone: int, capacity: int, record: NDArray[np.int64]) -> None:
    """Best fit in the order given; the first `alone` pieces each open a record."""
    # Records by the room they have left: a linked list for each room, and a bit that says whether it is empty.
    newest = np.full(capacity + 1, -1, np.int64)
    older = np.full(sizes.size, -1, np.int64)
    some = np.zeros(capacity // _WORD + 1, np.uint64)
    records = 0
    for piece in range(sizes.size):
        size = sizes[piece]
        room = capacity
        chosen = -1
        if piece >= alone:
            word = size // _WORD
            bits = some[word] >> np.uint64(size % _WORD) << np.uint64(size % _WORD)
            while bits == 0 and word + 1 < some.size:
                word += 1
                bits = some[word]
            if bits != 0:
                room = word * _WORD
                while bits & np.uint64(1) == 0:
                    bits >>= np.uint64(1)
                    room += 1
                chosen = newest[room]
                newest[room] = older[chosen]
                if newest[room] < 0:
                    some[room // _WORD] &= ~(np.uint64(1) << np.uint64(room % _WORD))
        if chosen < 0:
            chosen = records
            records += 1
        record[piece] = chosen
        room -= size
        older[chosen] = newest[room]
        newest[room] = chosen
        some[room // _WORD] |= np.uint64(1) << np.uint64(room % _WORD)
