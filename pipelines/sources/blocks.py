"""Cut a stream of documents into blocks, by their bytes alone: never by how the input happened to arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from buffers.texts import PADDING, padded
from pipelines.sources.elements import Element, RejectRow
from pipelines.sources.text_policy import check_texts, offsets_and_data
from schemas.documents import BLOCK_BYTES, RAW_SCHEMA

BLOCK_ROWS = 1 << 18
"""Documents of a block at most, so that a file of one-byte documents does not become one huge block."""

_TEXT = RAW_SCHEMA.get_field_index("text")

Column: TypeAlias = str | int | pa.Array


class BlockBuilder:
    """Gathers documents; a block closes at the first document that makes it BLOCK_BYTES long or BLOCK_ROWS high.

    Texts are copied into the block's buffer as they come: pieces that wait to be joined would take twice the memory,
    and touching fresh memory is what costs most here.
    """

    def __init__(self, max_document_bytes: int) -> None:
        self._max_document_bytes = max_document_bytes
        self._start_block()

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
        lengths = np.asarray(pc.binary_length(texts))
        checked = check_texts(texts, self._max_document_bytes)
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

    def _start_block(self) -> None:
        # Room for what most blocks come to; pages that are never written to take no memory.
        # Arrow's pool hands out again what earlier blocks gave back: touching fresh memory costs more than the copy.
        self._text = np.frombuffer(pa.allocate_buffer(BLOCK_BYTES + BLOCK_BYTES // 8), np.uint8)
        self._bytes = 0
        self._rows = 0
        self._ends: list[np.ndarray] = [np.zeros(1, np.int64)]
        self._pieces: list[pa.RecordBatch] = []

    def _cut(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        offsets, data = offsets_and_data(batch.column(_TEXT))
        others = batch.remove_column(_TEXT)
        start = 0
        while start < batch.num_rows:
            full = offsets[start] + BLOCK_BYTES - self._bytes
            end = min(int(np.searchsorted(offsets[1:], full)) + 1, start + BLOCK_ROWS - self._rows, batch.num_rows)
            size = int(offsets[end] - offsets[start])
            if self._bytes + size + PADDING > len(self._text):
                self._text = np.concatenate([self._text[: self._bytes], padded(size)])
            self._text[self._bytes : self._bytes + size] = data[offsets[start] : offsets[end]]
            self._ends.append(offsets[start + 1 : end + 1] - offsets[start] + self._bytes)
            self._pieces.append(others[start:end])
            self._bytes += size
            self._rows += end - start
            start = end
            if self._bytes >= BLOCK_BYTES or self._rows == BLOCK_ROWS:
                yield self._block()

    def _block(self) -> pa.RecordBatch:
        offsets = pa.py_buffer(np.concatenate(self._ends))
        self._text[self._bytes : self._bytes + PADDING] = 0  # so that `Texts.from_arrow` need not copy
        data = pa.py_buffer(self._text[: self._bytes + PADDING])
        texts = pa.LargeBinaryArray.from_buffers(pa.large_binary(), self._rows, [None, offsets, data])
        columns = pa.concat_batches(self._pieces).columns
        columns.insert(_TEXT, texts)
        self._start_block()
        return pa.RecordBatch.from_arrays(columns, schema=RAW_SCHEMA)


def _full_column(value: Column, rows: int, type_: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, type_), rows) if isinstance(value, str | int) else value
