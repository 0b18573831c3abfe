"""Where records come from: a local file mapped into memory, or ranged reads of a gs:// object."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from storage.errors import StorageError, explained
from storage.files import is_remote, open_input
from storage.uris import local_path

_READS_IN_FLIGHT = 16  # object stores answer slowly, but to many at once


class RecordSource(Protocol):
    """Bytes of the records of one file."""

    def fetch(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """(records, rows): records[rows[k]], of uint8 [n, record_bytes], is record indices[k]."""
        ...


def open_records(uri: str, records: int, record_bytes: int) -> RecordSource:
    """The source for a file that holds `records` records of `record_bytes` bytes and nothing else."""
    source = _RemoteRecords if is_remote(uri) else _MappedRecords
    return source(uri, records, record_bytes)


class _MappedRecords:
    def __init__(self, uri: str, records: int, record_bytes: int) -> None:
        shape = (records, record_bytes)
        # An empty file cannot be mapped.
        mapped = np.memmap(local_path(uri), np.uint8, "r", shape=shape) if records else np.empty(shape, np.uint8)
        # As a plain array: each row taken from a memmap would pass through the subclass's Python code.
        self._records = mapped.view(np.ndarray)

    def fetch(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        return self._records, indices


class _RemoteRecords:
    def __init__(self, uri: str, records: int, record_bytes: int) -> None:
        self._uri = uri
        self._record_bytes = record_bytes
        self._file = open_input(uri)
        self._pool = ThreadPoolExecutor(_READS_IN_FLIGHT, thread_name_prefix="records")

    def fetch(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        wanted, rows = np.unique(indices, return_inverse=True)
        # Neighbours are read together.
        starts = np.flatnonzero(np.diff(wanted, prepend=-2) != 1)
        ends = np.append(starts[1:], wanted.size)
        ranges = zip(wanted[starts].tolist(), (ends - starts).tolist(), strict=True)
        parts = list(self._pool.map(self._read, ranges))
        return np.frombuffer(b"".join(parts), np.uint8).reshape(wanted.size, self._record_bytes), rows

    def _read(self, run: tuple[int, int]) -> bytes:
        first, count = run
        size = count * self._record_bytes
        try:
            data: bytes = self._file.read_at(size, first * self._record_bytes)
        except (OSError, pa.ArrowException) as error:
            raise explained(self._uri, "read", error) from None
        if len(data) != size:
            raise StorageError(
                f"{self._uri}: is cut short: {len(data)} of {size} bytes at {first * self._record_bytes}",
                "`codemill verify` names every damaged file; restore it or build again",
            )
        return data
