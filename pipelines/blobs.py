"""Rows as bytes: what travels through a Beam shuffle.

An element is a whole array of fixed-width rows, not one row: per-row elements cost tens of microseconds each, and a
pickled slice of an Arrow batch would carry its whole parent along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

EXACT_ROW = np.dtype([("hash_0", "<u8"), ("hash_1", "<u8"), ("key", "<u8"), ("order", "<u8"), ("id", "<u8")])
"""A document in the exact search: half of its SHA-256, its key, its rank and the first half of its id."""

BAND_ROW = np.dtype([("band_key", "<u8"), ("key", "<u8"), ("order", "<u8"), ("id", "<u8")])
"""A document in one band."""

DROP_ROW = np.dtype([("key", "<u8"), ("kept_key", "<u8"), ("jaccard", "<f8"), ("containment", "<f8")])
"""A dropped document and its evidence."""

PAIR_ROW = np.dtype(
    [
        ("higher", "<u8"),
        ("lower", "<u8"),
        ("higher_order", "<u8"),
        ("higher_id", "<u8"),
        ("lower_order", "<u8"),
        ("lower_id", "<u8"),
        ("jaccard", "<f8"),
        ("containment", "<f8"),
    ]
)
"""A candidate or verified pair; `higher` has the better rank."""


def rows(dtype: np.dtype[Any], **columns: np.ndarray) -> np.ndarray:
    """A structured array from its columns, which all have the same length."""
    table = np.zeros(len(next(iter(columns.values()))), dtype)
    for name, values in columns.items():
        table[name] = values
    return table


def join_blobs(dtype: np.dtype[Any], blobs: Iterable[bytes]) -> np.ndarray:
    """The rows of several blobs, one after the other in the order given."""
    return np.frombuffer(b"".join(blobs), dtype)


def split_by(groups: np.ndarray, table: np.ndarray) -> Iterator[tuple[int, bytes]]:
    """Cut rows into one blob per group number; groups ascending, rows in their order."""
    if not len(table):
        return
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True):
        yield int(ordered[start]), table[order[start:end]].tobytes()
