"""The blocks in a build's work directory that a snapshot's document tables were made of: all texts are in them.

The snapshot itself holds the texts of kept documents at most.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

import pyarrow.parquet as pq

from pipelines.tables import hash_bytes, read_table
from pipelines.workspace import read_many
from schemas.manifest import Manifest
from storage.files import join, open_input
from storage.listing import list_files

BLOCK = re.compile(r"harvest-[0-9a-f]+/blocks/[^/]+\.parquet")


def find_blocks(snapshot: str, manifest: Manifest, work: str, tables: Collection[int]) -> dict[int, str]:
    """The block of each of these tables, where it is still there.

    A block counts as a table's when it holds the same ids and contents in the same order: a work directory may hold
    those of earlier configs, too.
    """
    names = [join(snapshot, manifest.tables[table]) for table in tables]
    paths = [join(work, entry.relative) for entry in list_files(work) if BLOCK.fullmatch(entry.relative)]
    sizes = set(read_many(_rows, names)) if paths else set()
    alike = [path for path, rows in zip(paths, read_many(_rows, paths), strict=True) if rows in sizes]
    place = dict(zip(read_many(_digest, alike), alike, strict=True))
    digests = read_many(_digest, names) if alike else []
    return {table: place[digest] for table, digest in zip(tables, digests, strict=False) if digest in place}


def _rows(path: str) -> int:
    with open_input(path) as source:
        return int(pq.read_metadata(source).num_rows)


def _digest(path: str) -> bytes:
    table = read_table(path, ["id", "sha256"])
    digest = hashlib.sha256()
    for name in table.column_names:
        digest.update(hash_bytes(table[name]).tobytes())
    return digest.digest()
