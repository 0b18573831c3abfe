"""Texts of a few documents, by their keys: out of the snapshot, and of its work directory while that is there.

A snapshot holds the texts of kept documents, where near-duplicates were searched for. Dropped ones are only in the
blocks that the harvest wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pyarrow.parquet as pq

from codemill.work_blocks import find_blocks
from pipelines.tables import read_table, reading
from schemas.documents import fingerprints_name, split_key
from schemas.manifest import Manifest
from storage.files import exists, join


def read_rows(snapshot: str, manifest: Manifest, keys: Iterable[int], columns: list[str]) -> dict[int, dict[str, Any]]:
    """Rows of the document tables by key."""
    found: dict[int, dict[str, Any]] = {}
    for block, members in groupby(sorted(set(keys)), key=lambda key: split_key(key)[0]):
        wanted = list(members)
        table = read_table(join(snapshot, manifest.tables[block]), columns)
        rows = table.take([split_key(key)[1] for key in wanted]).to_pylist()
        found.update(zip(wanted, rows, strict=True))
    return found


def read_texts(snapshot: str, manifest: Manifest, work: str | None, keys: Iterable[int]) -> dict[int, bytes]:
    """Texts of documents by key; those that are nowhere to be had are left out.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        work: the build's work directory, None where it is gone.
        keys: of documents of this snapshot.
    """
    wanted = sorted(set(keys))
    found: dict[int, bytes] = {}
    for block, members in groupby(wanted, key=lambda key: split_key(key)[0]):
        path = join(snapshot, fingerprints_name(block))
        if fingerprints_name(block) in manifest.files and exists(path):
            found.update(_texts_of(path, list(members)))
    missing = [key for key in wanted if key not in found]
    if missing and work is not None:
        for block, path in find_blocks(
            snapshot, manifest, work, sorted({split_key(key)[0] for key in missing})
        ).items():
            found.update(_texts_of(path, [key for key in missing if split_key(key)[0] == block]))
    return found


def _texts_of(path: str, keys: list[int]) -> dict[int, bytes]:
    """Texts at the keys' rows of a Parquet file; reads the row groups that hold one."""
    found: dict[int, bytes] = {}
    with reading(path) as source:
        file = pq.ParquetFile(source)
        first = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            inside = [key for key in keys if first <= split_key(key)[1] < first + rows]
            if inside:
                column = file.read_row_group(group, ["text"])["text"]
                for key in inside:
                    text = column[split_key(key)[1] - first].as_py()
                    if text is not None:
                        found[key] = text
            first += rows
    return found
