"""Where the texts of a snapshot's documents still are, and a search through them for a few bytes.

A snapshot itself holds the texts of kept documents that were searched for near-duplicates; its work directory, while it
exists, holds all texts in the blocks that the tables were made of.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from codemill.work_blocks import find_blocks
from schemas.documents import fingerprints_name
from schemas.manifest import Manifest
from storage.files import join, open_input

MOST_THREADS = 8
"""Each holds a block of text, 64 MB."""


@dataclass(frozen=True)
class Holding:
    """A file whose column `text` goes row for row with a document table."""

    block: int
    path: str


@dataclass(frozen=True)
class Found:
    """A document that holds the bytes looked for."""

    block: int
    row: int
    line: int
    """In which they begin for the first time, counted from 1."""
    byte: int
    """Where they begin, counted from 0."""


@dataclass(frozen=True)
class Search:
    """What was found, in the order of the tables, and how many texts were looked through."""

    found: tuple[Found, ...]
    texts: int
    blocks: int
    """Tables all of whose texts were looked through, dropped documents' too."""


def find_texts(snapshot: str, manifest: Manifest, work: str) -> tuple[list[Holding], list[Holding]]:
    """(blocks of the work directory, fingerprints of the other tables): the files that hold texts."""
    blocks = find_blocks(snapshot, manifest, work, range(len(manifest.tables)))
    others = [(block, fingerprints_name(block)) for block in range(len(manifest.tables)) if block not in blocks]
    fingerprints = [Holding(block, join(snapshot, name)) for block, name in others if name in manifest.files]
    return [Holding(block, path) for block, path in blocks.items()], fingerprints


def search_texts(blocks: list[Holding], fingerprints: list[Holding], wanted: bytes) -> Search:
    """Look for bytes in the texts of these files, several files at a time."""
    holdings = sorted([*blocks, *fingerprints], key=lambda holding: holding.block)
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool:
        parts = list(pool.map(partial(_search, re.compile(re.escape(wanted))), holdings))
    return Search(tuple(found for part, _ in parts for found in part), sum(n for _, n in parts), len(blocks))


def _search(wanted: re.Pattern[bytes], holding: Holding) -> tuple[list[Found], int]:
    found: list[Found] = []
    texts = row = 0
    with open_input(holding.path) as source:
        file = pq.ParquetFile(source)
        for group in range(file.num_row_groups):
            for chunk in file.read_row_group(group, ["text"], use_threads=False)["text"].chunks:
                texts += len(chunk) - chunk.null_count
                found += (Found(holding.block, row + at, line, byte) for at, line, byte in _first_places(chunk, wanted))
                row += len(chunk)
    return found, texts


def _first_places(texts: pa.LargeBinaryArray, wanted: re.Pattern[bytes]) -> Iterator[tuple[int, int, int]]:
    """(row, line, byte) of the first place in each text that holds it; nothing is copied."""
    _, ends, data = texts.buffers()
    if data is None:
        return
    offsets = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    view, stop = memoryview(data), int(offsets[-1])
    match = wanted.search(view, int(offsets[0]), stop)
    while match is not None:
        row = int(np.searchsorted(offsets, match.start(), side="right")) - 1
        start, end = int(offsets[row]), int(offsets[row + 1])
        if match.end() <= end:
            yield row, bytes(view[start : match.start()]).count(b"\n") + 1, match.start() - start
            match = wanted.search(view, end, stop)
        else:  # it lies across the end of a text
            match = wanted.search(view, match.start() + 1, stop)
