"""Rows of a snapshot's document tables, by the keys of documents."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from pipelines.tables import read_table
from schemas.documents import split_key
from schemas.manifest import Manifest
from storage.files import join


def read_rows(snapshot: str, manifest: Manifest, keys: Iterable[int], columns: list[str]) -> dict[int, dict[str, Any]]:
    """Rows of the document tables by key."""
    found: dict[int, dict[str, Any]] = {}
    for block, members in groupby(sorted(set(keys)), key=lambda key: split_key(key)[0]):
        wanted = list(members)
        table = read_table(join(snapshot, manifest.tables[block]), columns)
        rows = table.take([split_key(key)[1] for key in wanted]).to_pylist()
        found.update(zip(wanted, rows, strict=True))
    return found
