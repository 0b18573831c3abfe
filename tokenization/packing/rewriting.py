"""Pack documents of which a share is rewritten for filling in the middle.

Documents are cut first and rewritten then, piece by piece, so that what a record holds is whole: a piece that is
rewritten has its prefix, middle and suffix in one record, and nothing of it is lost. A piece is as long as what
is left of its document or of its record, less what rewriting adds. Held-out documents are not rewritten.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokenization.packing.best_fit import fit
from tokenization.packing.fill_in_the_middle import FillInTheMiddle
from tokenization.packing.records import Documents, Form, Packed
from tokenization.packing.separate import Cuts, lay


def pack_rewritten(
    documents: Documents,
    context_length: int,
    separator_id: int,
    middle: FillInTheMiddle,
    hashes: NDArray[np.uint64],
    *,
    fitted: bool,
) -> Packed:
    """Pack documents into separate records.

    Args:
        documents: what to pack.
        context_length: ids that a record predicts.
        separator_id: the id behind each document and each rewritten piece, and in the padding.
        middle: chooses and rewrites pieces.
        hashes: uint64 [documents], a keyed hash of each.
        fitted: put pieces where they fit best instead of one after the other.
    """
    ids, offsets, order = documents
    cutter = _Cutter(ids, context_length, middle, fitted)
    for document in order.tolist():
        cutter.cut(document, int(offsets[document]), int(offsets[document + 1]), hashes[document])
    source = np.concatenate([ids, *cutter.rewritten])
    cuts, record = cutter.result()
    if fitted:
        record = fit(cuts, context_length)
    return lay(source, cuts, record, context_length, separator_id)


class _Cutter:
    """Cuts documents one after the other and keeps the record that is being filled."""

    def __init__(self, ids: NDArray[Any], context_length: int, middle: FillInTheMiddle, fitted: bool) -> None:
        self._ids = ids
        self._length = context_length
        self._middle = middle
        self._fitted = fitted
        self._record = 0
        self._room = context_length
        self._behind = ids.size
        self._rows: list[tuple[int, ...]] = []
        self.rewritten: list[NDArray[Any]] = []

    def cut(self, document: int, start: int, end: int, hashed: np.uint64) -> None:
        """Cut ids[start:end] and the separator behind it into pieces."""
        at = start
        goes_on = False
        while True:
            if self._room == 0 or self._fitted:
                self._record += 1
                self._room = self._length
            rewritten = self._middle.rewrite(self._ids[at:end], self._room, hashed, at - start)
            if rewritten is not None:
                tokens, ids, form = rewritten
                self._add(document, at - start, tokens, self._behind, ids.size, form, True, False)
                self.rewritten.append(ids)
                self._behind += ids.size
                goes_on = False
                if at + tokens < end:
                    self._room = 0  # too little for another rewritten piece: padded
                at += tokens
                if at == end:
                    return
            else:
                tokens = min(end - at, self._room)
                closed = tokens == end - at and tokens < self._room
                self._add(document, at - start, tokens, at, tokens, Form.PLAIN, closed, goes_on)
                goes_on = True
                at += tokens
                if closed:
                    return

    def _add(
        self, document: int, first: int, tokens: int, source: int, ids: int, form: Form, closed: bool, goes_on: bool
    ) -> None:
        self._rows.append((document, first, tokens, source, ids, form, closed, goes_on, self._record))
        self._room -= ids + closed

    def result(self) -> tuple[Cuts, NDArray[np.int64]]:
        """The pieces, and the record of each when they are not fitted."""
        table = np.array(self._rows, np.int64).reshape(-1, 9).T
        document, first, tokens, source, ids, form, closed, goes_on, record = table
        cuts = Cuts(document, first, tokens, source, ids, form, closed.astype(bool), goes_on.astype(bool))
        return cuts, record
