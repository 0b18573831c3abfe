"""Cut a stream of documents into blocks, by their bytes alone: never by how the input happened to arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.sources.elements import Element, RejectRow
from pipelines.sources.text_policy import check_texts
from schemas.documents import BLOCK_BYTES, RAW_SCHEMA

BLOCK_ROWS = 1 << 18
"""Documents of a block at most, so that a file of one-byte documents does not become one huge block."""

Column = str | int | pa.Array


@dataclass
class BlockBuilder:
    """Gathers documents; a block closes at the first document that makes it BLOCK_BYTES long or BLOCK_ROWS high."""

    max_document_bytes: int
    _pieces: list[pa.RecordBatch] = field(default_factory=list)
    _bytes: int = 0
    _rows: int = 0

    def add(
        self, texts: pa.LargeBinaryArray, columns: dict[str, Column], file: list[str] | str, places: list[str]
    ) -> Iterator[Element]:
        """Take documents in; yields reject rows for bad texts, and each block that becomes full.

        Args:
            texts: [n], without nulls.
            columns: the other columns of RAW_SCHEMA, [n] or one value for all.
            file: the file of each text, or of all of them; it goes into reject rows.
            places: [n], or empty where the file's name says it all.
        """
        if len(texts) == 0:
            return
        lengths = np.asarray(pa.compute.binary_length(texts))
        checked = check_texts(texts, self.max_document_bytes)
        for row, (reason, detail) in checked.rejected.items():
            name = file if isinstance(file, str) else file[row]
            yield RejectRow(name, places[row] if places else "", reason, detail, int(lengths[row]))
        arrays = [
            checked.texts if name == "text" else _full_column(columns[name], len(texts), type_)
            for name, type_ in zip(RAW_SCHEMA.names, RAW_SCHEMA.types, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=RAW_SCHEMA)
        if checked.rejected:
            batch = batch.take(pa.array(checked.good_rows()))
        yield from self._cut(batch)

    def finish(self) -> Iterator[pa.RecordBatch]:
        """The last block, if there is anything left."""
        if self._pieces:
            yield self._block()

    def _cut(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        ends = np.cumsum(np.asarray(pa.compute.binary_length(batch.column("text"))), dtype=np.int64)
        start = taken = 0
        while start < batch.num_rows:
            by_bytes = int(np.searchsorted(ends, taken + BLOCK_BYTES - self._bytes)) + 1
            end = min(by_bytes, start + BLOCK_ROWS - self._rows)
            if end > batch.num_rows:
                self._take(batch[start:], int(ends[-1]) - taken)
                return
            self._take(batch[start:end], int(ends[end - 1]) - taken)
            yield self._block()
            start, taken = end, int(ends[end - 1])

    def _take(self, piece: pa.RecordBatch, size: int) -> None:
        self._pieces.append(piece)
        self._bytes += size
        self._rows += piece.num_rows

    def _block(self) -> pa.RecordBatch:
        block = pa.concat_batches(self._pieces)
        self._pieces, self._bytes, self._rows = [], 0, 0
        return block


def _full_column(value: Column, rows: int, type_: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, type_), rows) if isinstance(value, str | int) else value
