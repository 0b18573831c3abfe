"""Texts: a batch of documents as one padded byte buffer and offsets, the form in which kernels read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

PADDING = 64
"""Zero bytes behind the last document, so that kernels may load 64 bytes at any place of a document."""

Rows: TypeAlias = NDArray[np.int64] | NDArray[np.bool_] | None
"""A choice of documents: their indices, a mask over all of them, or None for all."""

_OFFSET_TYPES: dict[pa.DataType, type[np.int32] | type[np.int64]] = {
    pa.binary(): np.int32,
    pa.string(): np.int32,
    pa.large_binary(): np.int64,
    pa.large_string(): np.int64,
}


def padded(size: int) -> NDArray[np.uint8]:
    """Room for `size` bytes of documents, not filled in, and the zero bytes behind them."""
    data = np.empty(size + PADDING, np.uint8)
    data[size:] = 0
    return data


class Texts(NamedTuple):
    """Documents back to back.

    Attributes:
        data: uint8 [offsets[-1] + padding]; at least `PADDING` zero bytes follow the last document.
        offsets: int64 [documents + 1], starting at 0; document i is data[offsets[i]:offsets[i + 1]].

    `len(texts)` is the number of documents; unpacking still gives (data, offsets).
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return self.offsets.size - 1

    def document(self, index: int) -> bytes:
        """The bytes of one document."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def lengths(self) -> NDArray[np.int64]:
        """Bytes of each document, int64 [documents]."""
        return np.diff(self.offsets)

    def take(self, rows: Rows) -> Texts:
        """The chosen documents, copied, in the order of `rows`; rows may repeat."""
        chosen = row_indices(len(self), rows)
        offsets = np.zeros(chosen.size + 1, np.int64)
        np.cumsum(self.lengths()[chosen], out=offsets[1:])
        data = padded(int(offsets[-1]))
        starts = self.offsets[chosen].tolist()
        places = offsets.tolist()
        for start, low, high in zip(starts, places, places[1:], strict=False):
            data[low:high] = self.data[start : start + high - low]
        return Texts(data, offsets)

    def replace(self, changed: Mapping[int, bytes]) -> Texts:
        """A copy in which the documents named by their index have other bytes."""
        lengths = self.lengths()
        for index, document in changed.items():
            lengths[index] = len(document)
        offsets = np.zeros(len(self) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        data = padded(int(offsets[-1]))
        copied = 0  # documents
        for index in sorted(changed):
            data[offsets[copied] : offsets[index]] = self.data[self.offsets[copied] : self.offsets[index]]
            data[offsets[index] : offsets[index + 1]] = np.frombuffer(changed[index], np.uint8)
            copied = index + 1
        data[offsets[copied] : offsets[-1]] = self.data[self.offsets[copied] : self.offsets[-1]]
        return Texts(data, offsets)

    @classmethod
    def from_list(cls, documents: Sequence[bytes]) -> Texts:
        """Texts of Python byte strings."""
        offsets = np.zeros(len(documents) + 1, np.int64)
        np.cumsum([len(document) for document in documents], out=offsets[1:])
        # A bytearray, because kernels are compiled once more for arrays that are read-only.
        return cls(np.frombuffer(bytearray(b"").join([*documents, bytes(PADDING)]), np.uint8), offsets)

    @classmethod
    def from_arrow(cls, array: pa.Array | pa.ChunkedArray) -> Texts:
        """Texts of an Arrow array: binary or string, large or not, whole, sliced or chunked.

        Nothing is copied where the array's own buffer has the padding behind its last document, as `padded` makes it.

        Raises:
            TypeError: another Arrow type.
            ValueError: a null, which is not a document.
        """
        if array.type not in _OFFSET_TYPES:
            raise TypeError(f"texts are read from binary or string arrays, not {array.type}")
        if array.null_count:
            raise ValueError(f"{array.null_count} of {len(array)} texts are null")
        chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
        if len(chunks) == 1 and (whole := _in_place(chunks[0])) is not None:
            return whole
        parts = [_chunk_parts(chunk) for chunk in chunks if len(chunk)]
        offsets = np.zeros(len(array) + 1, np.int64)
        data = padded(sum(part.size for part, _ in parts))
        document = place = 0
        for part, ends in parts:
            data[place : place + part.size] = part
            offsets[document + 1 : document + 1 + ends.size] = ends + place
            place += part.size
            document += ends.size
        return cls(data, offsets)


def _in_place(chunk: pa.Array) -> Texts | None:
    """The texts of an array in its own memory, where they can be read there."""
    _, offset_buffer, data_buffer = chunk.buffers()
    if chunk.type not in (pa.large_binary(), pa.large_string()) or not len(chunk) or data_buffer is None:
        return None
    offsets = np.frombuffer(offset_buffer, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    end = int(offsets[-1])
    if offsets[0] != 0 or data_buffer.size < end + PADDING or not data_buffer.is_mutable:
        return None  # kernels are compiled once more for arrays that are read-only
    data = np.frombuffer(data_buffer, np.uint8)
    return None if data[end : end + PADDING].any() else Texts(data, offsets.copy())


def _chunk_parts(chunk: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes that a chunk covers and the end of each of its documents in them."""
    _, offset_buffer, data_buffer = chunk.buffers()
    all_offsets = np.frombuffer(offset_buffer, _OFFSET_TYPES[chunk.type])
    offsets = all_offsets[chunk.offset : chunk.offset + len(chunk) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    if first == last:  # the data buffer may then be absent
        return np.zeros(0, np.uint8), np.zeros(len(chunk), np.int64)
    return np.frombuffer(data_buffer, np.uint8)[first:last], offsets[1:].astype(np.int64) - first


def row_indices(documents: int, rows: Rows) -> NDArray[np.int64]:
    """The indices that a choice of documents stands for, int64.

    Raises:
        IndexError: an index outside [0, documents), or a mask of another length.
        TypeError: neither integers nor booleans.
    """
    if rows is None:
        return np.arange(documents, dtype=np.int64)
    given: NDArray[Any] = np.asarray(rows)
    if given.dtype == np.bool_:
        if given.shape != (documents,):
            raise IndexError(f"a mask of shape {given.shape} does not choose among {documents} documents")
        return np.flatnonzero(given)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise TypeError(f"documents are chosen by integers or booleans, not {given.dtype}")
    indices = given.astype(np.int64)
    if indices.size and (indices.min() < 0 or indices.max() >= documents):
        raise IndexError(f"rows {indices.min()}..{indices.max()} reach outside {documents} documents")
    return indices
