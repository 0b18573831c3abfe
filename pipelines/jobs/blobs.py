"""Rows as arrays: what travels through a Beam shuffle.

An element is a whole array of fixed-width rows, not one row: per-row elements cost tens of microseconds each, and a
pickled slice of an Arrow batch would carry its whole parent along.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pipelines.jobs.exchange import Exchange, Value
from storage.files import read_bytes, write_atomic


def rows(dtype: np.dtype[Any], **columns: np.ndarray) -> np.ndarray:
    """A structured array from some of its columns, which all have the same length; the others are 0."""
    table = np.zeros(len(next(iter(columns.values()))), dtype)
    for name, values in columns.items():
        table[name] = values
    return table


def split_by(groups: np.ndarray, table: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Cut rows into one array per group number; groups ascending, rows in their order."""
    if not len(table):
        return
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True):
        yield int(ordered[start]), table[order[start:end]]


def send(values: Exchange, name: str, groups: np.ndarray, table: np.ndarray) -> Iterator[tuple[int, Value]]:
    """Rows on their way to another step: (group, rows of the group); `name` tells this call from all of the job."""
    parts = list(split_by(groups, table))
    if parts:
        yield from zip((group for group, _ in parts), values.put(name, [part for _, part in parts]), strict=True)


def receive(dtype: np.dtype[Any], values: Iterable[Value]) -> np.ndarray:
    """The rows of several values, one after the other in the order given."""
    return np.frombuffer(b"".join(map(Exchange.get, values)), dtype)


def write_rows(path: str, table: np.ndarray) -> None:
    """Keep rows in a file (NumPy's format), atomically."""
    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    write_atomic(path, buffer.getvalue())


def read_rows(path: str) -> np.ndarray:
    """The rows that `write_rows` wrote."""
    table: np.ndarray = np.load(io.BytesIO(read_bytes(path)), allow_pickle=False)
    return table


def write_arrays(path: str, *arrays: np.ndarray) -> None:
    """Keep several arrays in a file, atomically."""
    buffer = io.BytesIO()
    np.savez(buffer, *arrays)
    write_atomic(path, buffer.getvalue())


def read_arrays(path: str) -> list[np.ndarray]:
    """The arrays that `write_arrays` wrote, in their order."""
    with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as arrays:
        return [arrays[f"arr_{place}"] for place in range(len(arrays.files))]
