"""Records that stand alone: pieces of documents, none of them in two records.

Id 0 of a record is never predicted. It is the id before the record's first piece in the document, where that piece goes
on from one that was cut, and the separator otherwise: so every id of a document is predicted, and from what stands
before it in the document.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.packing.records import Packed, Pieces


class Cuts(NamedTuple):
    """Pieces that have no place yet; int64 [pieces] each but for the two flags.

    Attributes:
        document: which of the documents that were given.
        first: the first of its tokens.
        tokens: how many of them.
        source: where its ids are in an array of ids.
        ids: how many ids.
        form: a `Form`.
        closed: bool, a separator follows.
        goes_on: bool, the id before it in the document is the head of its record; such a piece stands first in one.
    """

    document: NDArray[np.int64]
    first: NDArray[np.int64]
    tokens: NDArray[np.int64]
    source: NDArray[np.int64]
    ids: NDArray[np.int64]
    form: NDArray[np.int64]
    closed: NDArray[np.bool_]
    goes_on: NDArray[np.bool_]

    def sizes(self) -> NDArray[np.int64]:
        """Places that each takes, its separator among them."""
        return self.ids + self.closed

    def take(self, order: NDArray[np.int64]) -> Cuts:
        """The pieces in another order."""
        return Cuts(
            self.document[order],
            self.first[order],
            self.tokens[order],
            self.source[order],
            self.ids[order],
            self.form[order],
            self.closed[order],
            self.goes_on[order],
        )


def lay(source: NDArray[Any], cuts: Cuts, record: NDArray[np.int64], context_length: int, separator_id: int) -> Packed:
    """Write pieces into the records that they were given.

    Args:
        source: the ids that `cuts.source` points into.
        cuts: the pieces; within a record they keep their order, but the one that goes on stands first.
        record: int64 [pieces], the record of each; the sizes of a record's pieces are context_length or less in sum.
        context_length: ids that a record predicts.
        separator_id: what ends a document and fills a record.
    """
    order = np.lexsort((np.arange(record.size), ~cuts.goes_on, record))
    cuts = cuts.take(order)
    record = record[order]
    records = int(record[-1]) + 1 if record.size else 0
    sizes = cuts.sizes()
    behind = np.cumsum(sizes)
    # The first piece of each record, for each of the record's pieces.
    opens = np.searchsorted(record, record)
    start = record * (context_length + 1) + 1 + behind - sizes - (behind - sizes)[opens]
    places = np.full(records * (context_length + 1), separator_id, source.dtype)
    _copy(source, cuts.source, cuts.ids, start, cuts.goes_on, places)
    closed = int(cuts.closed.sum())
    return Packed(
        places.reshape(records, context_length + 1),
        Pieces(cuts.document, cuts.first, cuts.tokens, start, cuts.ids, cuts.form),
        separators=closed,
        padding=records * context_length - int(cuts.ids.sum()) - closed,
    )


@kernel
def _copy(
    source: NDArray[Any],
    at: NDArray[np.int64],
    ids: NDArray[np.int64],
    start: NDArray[np.int64],
    goes_on: NDArray[np.bool_],
    places: NDArray[Any],
) -> None:
    for piece in range(at.size):
        if goes_on[piece]:
            places[start[piece] - 1] = source[at[piece] - 1]
        for i in range(ids[piece]):
            places[start[piece] + i] = source[at[piece] + i]
