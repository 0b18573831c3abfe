"""Shard files: write one in bounded memory, read any of its records at random."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.errors import CheckFailed
from schemas.record_layout import RecordLayout
from schemas.record_source import open_records
from storage.files import open_input, write_atomic

# Pieces this small are still in the processor's cache when they are hashed and written.
_PIECE_BYTES = 1 << 19


class ShardWritten(NamedTuple):
    """What a manifest says about a shard."""

    records: int
    bytes: int
    sha256: str


def write_shard(
    uri: str, layout: RecordLayout, ids: NDArray[Any], order: NDArray[np.int64] | None = None
) -> ShardWritten:
    """Write a shard so that it appears whole or not at all.

    A few megabytes are held beside `ids`.

    Args:
        uri: local path or gs:// name.
        layout: its records.
        ids: integers [n, context_length + 1]; n may be 0.
        order: int64 [n], the rows in the order in which they are written; as they lie by default.

    Raises:
        CodemillError: an id does not fit the layout; nothing is written.
        StorageError: the file cannot be written.
    """
    digest = hashlib.sha256()
    step = max(1, _PIECE_BYTES // layout.record_bytes)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(ids), step):
            rows = slice(start, start + step)
            piece = layout.encode(ids[rows if order is None else order[rows]]).tobytes()
            digest.update(piece)
            yield piece

    write_atomic(uri, pieces())
    return ShardWritten(len(ids), len(ids) * layout.record_bytes, digest.hexdigest())


class ShardReader:
    """Random access to the records of one shard; every record read is checked against its CRC.

    A local file is mapped into memory, a gs:// object is read by ranges. Readers may be shared between threads.

    Args:
        uri: local path or gs:// name.
        layout: its records.
        records: how many it must hold, as the manifest says; None takes what the file's size says.

    Raises:
        CheckFailed: the size of the file is not that of this many records.
        StorageError: the file is missing or cannot be read.
    """

    def __init__(self, uri: str, layout: RecordLayout, records: int | None = None) -> None:
        self._uri = uri
        self._layout = layout
        with open_input(uri) as file:
            size = int(file.size())
        self._records = size // layout.record_bytes if records is None else records
        if size != self._records * layout.record_bytes:
            expected = "a whole number of" if records is None else str(records)
            raise CheckFailed(
                f"{uri}: {size} bytes are not {expected} records of {layout.record_bytes} bytes",
                "the file was cut, or has another context length: fetch or build this shard again",
            )
        self._source = open_records(uri, self._records, layout.record_bytes)

    def __len__(self) -> int:
        return self._records

    def __reduce__(self) -> tuple[type[ShardReader], tuple[str, RecordLayout, int]]:
        return ShardReader, (self._uri, self._layout, self._records)

    def read(self, indices: NDArray[np.int64]) -> NDArray[np.int32]:
        """Ids of the records at `indices`, in that order; indices may repeat.

        Args:
            indices: int64 [n], each in [0, len(reader)).

        Returns:
            int32 [n, context_length + 1].

        Raises:
            CorruptRecord: naming the shard, the record and its byte offset.
            IndexError: an index outside the shard.
        """
        indices = np.asarray(indices, np.int64)
        ids = np.empty((indices.size, self._layout.ids_per_record), np.int32)
        self.read_into(indices, ids, np.arange(indices.size))
        return ids

    def read_into(self, indices: NDArray[np.int64], ids: NDArray[np.int32], places: NDArray[np.int64]) -> None:
        """Read records to rows of an array that holds those of other shards too.

        Args:
            indices: int64 [n], each in [0, len(reader)).
            ids: int32 [m, context_length + 1], contiguous; row places[k] receives record indices[k].
            places: int64 [n], each in [0, m).

        Raises:
            CorruptRecord, IndexError: as `read`; those rows are then void.
        """
        if not indices.size:
            return
        if indices.min() < 0 or indices.max() >= self._records:
            outside = indices[(indices < 0) | (indices >= self._records)]
            raise IndexError(f"{self._uri}: no record {outside[0]} among {self._records}")
        records, rows = self._source.fetch(indices)
        bad = self._layout.decode_rows(records, rows, ids, places)
        if bad >= 0:
            raise self._layout.corrupt(self._uri, int(indices[bad]))
