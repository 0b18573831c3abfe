"""Which document of one snapshot is which of the other, found by sorting keys; no row becomes a Python object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codemill.diff.side import Side, read_names

Rows = NDArray[np.int64]
Keys = NDArray[np.uint64]

FATE_SHIFT = np.uint64(48)


@dataclass(frozen=True)
class Pairs:
    """Rows of both sides that are one document, and the rows without a partner.

    Attributes:
        a: int64 [pairs].
        b: int64 [pairs].
        renewed: how many pairs, at the end of `a` and `b`, are of one name and two ids: the revision is another.
        only_a: int64 [n], lost, ascending.
        only_b: int64 [n], added, ascending.
    """

    a: Rows
    b: Rows
    renewed: int
    only_a: Rows
    only_b: Rows


def pair_documents(a: Side, b: Side) -> Pairs:
    """Pair by public id, and what is left by source, repository and path.

    Args:
        a: one snapshot.
        b: the other, in common terms with it.
    """
    every_a, every_b = np.arange(len(a.keys)), np.arange(len(b.keys))
    a_by_id, b_by_id = _pair(a, b, every_a, every_b, a.ids, b.ids)
    left_a, left_b = _without(every_a, a_by_id), _without(every_b, b_by_id)
    a_by_name = b_by_name = every_a[:0]
    if len(left_a) and len(left_b):
        a_by_name, b_by_name = _pair(a, b, left_a, left_b, *_names_as_keys(a, b, left_a, left_b))
        left_a, left_b = _without(left_a, a_by_name), _without(left_b, b_by_name)
    return Pairs(np.r_[a_by_id, a_by_name], np.r_[b_by_id, b_by_name], len(a_by_name), left_a, left_b)


def equal_keys(one: Keys, other: Keys) -> tuple[Rows, Rows]:
    """Pair the k-th row that has a key with the k-th that has it on the other side.

    Args:
        one: uint64 [n, 2].
        other: uint64 [m, 2].

    Returns:
        int64 [pairs] each: rows of `one` and of `other`.
    """
    high, low = (np.concatenate([one[:, i], other[:, i]]) for i in (0, 1))
    order = np.lexsort((low, high))  # stable: of one key, rows of `one` come before those of `other`
    if not len(order):
        return order, order
    high, low = high[order], low[order]
    starts = np.flatnonzero(np.r_[True, (high[1:] != high[:-1]) | (low[1:] != low[:-1])])
    of_one = np.add.reduceat(order < len(one), starts, dtype=np.int64)
    of_other = np.diff(np.r_[starts, len(order)]) - of_one
    pairs = np.minimum(of_one, of_other)
    place = np.repeat(starts - np.cumsum(pairs) + pairs, pairs) + np.arange(pairs.sum())
    return order[place], order[place + np.repeat(of_one, pairs)] - len(one)


def _pair(a: Side, b: Side, rows_a: Rows, rows_b: Rows, keys_a: Keys, keys_b: Keys) -> tuple[Rows, Rows]:
    """Pair rows by their keys; where several have the same, those that are most alike first.

    That is: of equal content and fate, then of equal content, then the others in their order.
    """
    found_a, found_b = [], []
    for fate, content in ((True, True), (False, True), (False, False)):
        mixed_a, mixed_b = _mixed(keys_a, a, rows_a, fate, content), _mixed(keys_b, b, rows_b, fate, content)
        one, other = equal_keys(mixed_a, mixed_b)
        found_a.append(rows_a[one])
        found_b.append(rows_b[other])
        rows_a, keys_a = np.delete(rows_a, one), np.delete(keys_a, one, axis=0)
        rows_b, keys_b = np.delete(rows_b, other), np.delete(keys_b, other, axis=0)
    return np.concatenate(found_a), np.concatenate(found_b)


def _mixed(keys: Keys, side: Side, rows: Rows, fate: bool, content: bool) -> Keys:
    """Keys that are equal where key, content and fate are.

    Other content makes 128 other bits. A fate goes where the number of a path does not reach.
    """
    if content:
        keys = keys ^ side.contents[rows]
    if fate:
        keys[:, 1] ^= side.fate[rows].astype(np.uint64) << FATE_SHIFT
    return keys


def _without(rows: Rows, taken: Rows) -> Rows:
    """Ascending rows less some of them."""
    return np.setdiff1d(rows, taken, assume_unique=True)


def _names_as_keys(a: Side, b: Side, rows_a: Rows, rows_b: Rows) -> tuple[Keys, Keys]:
    """uint64 [n, 2] a side, equal where source, repository and path are: their numbers in common lists."""
    source = np.r_[a.source[rows_a], b.source[rows_b]].astype(np.uint64)
    names = [read_names(side, side.keys[rows]) for side, rows in ((a, rows_a), (b, rows_b))]
    repository, path = (_numbers(*columns) for columns in zip(*names, strict=True))
    keys = np.stack([source << np.uint64(32) | repository, path], axis=1)
    return keys[: len(rows_a)], keys[len(rows_a) :]


def _numbers(one: pa.ChunkedArray, other: pa.ChunkedArray) -> NDArray[np.uint64]:
    encoded = pa.chunked_array([*one.chunks, *other.chunks], pa.string()).dictionary_encode().combine_chunks()
    numbers: NDArray[np.uint64] = encoded.indices.to_numpy().astype(np.uint64)
    return numbers
