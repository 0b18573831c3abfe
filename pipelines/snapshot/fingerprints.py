"""Fingerprints in a snapshot: what a later build and a search need of its documents to compare others with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from buffers.texts import Texts
from dedup.ranges import range_of
from pipelines.tables import reading
from schemas.documents import FINGERPRINT_SCHEMA, bands_name, fingerprints_name, split_key
from schemas.reasons import Outcome
from storage.files import join

GROUP_BYTES = 256 << 10
"""Text of a row group: what has to be read for one document."""


def fingerprints_table(block: pa.Table, outcomes: pa.ChunkedArray) -> pa.Table:
    """A block's fingerprints, FINGERPRINT_SCHEMA.

    Args:
        block: `signature` and `text` of the harvested documents.
        outcomes: what became of each.
    """
    searched = pc.and_(block["signature"].is_valid(), pc.not_equal(outcomes, Outcome.EXACT_DUPLICATE.value))
    kept = pc.and_(searched, pc.equal(outcomes, Outcome.KEPT.value))
    columns = [
        pc.if_else(searched, block["signature"], pa.scalar(None, FINGERPRINT_SCHEMA.field("signature").type)),
        pc.if_else(kept, block["text"], pa.scalar(None, pa.large_binary())),
    ]
    return pa.table(columns, schema=FINGERPRINT_SCHEMA).combine_chunks()


def group_bounds(fingerprints: pa.Table) -> list[int]:
    """Where row groups of about `GROUP_BYTES` of text begin, and the number of rows."""
    ends = np.cumsum(pc.fill_null(pc.binary_length(fingerprints["text"]), 0).to_numpy())
    total = int(ends[-1]) if len(ends) else 0
    starts = np.searchsorted(ends, np.arange(0, total, GROUP_BYTES), side="right")
    return sorted({0, *starts.tolist(), fingerprints.num_rows})


def read_texts(snapshot: str, keys: Iterable[int]) -> tuple[list[int], Texts]:
    """Texts of kept documents by their keys in a snapshot: (keys ascending, texts); reads only their row groups."""
    found = sorted(keys)
    documents: list[bytes] = []
    for block, members in groupby(found, key=lambda key: split_key(key)[0]):
        for text in texts_at(join(snapshot, fingerprints_name(block)), [split_key(key)[1] for key in members]):
            assert text is not None  # kept documents have theirs
            documents.append(text)
    return found, Texts.from_list(documents)


def texts_at(path: str, rows: Sequence[int]) -> list[bytes | None]:
    """The texts at ascending rows of a Parquet file; reads only their row groups."""
    documents: list[bytes | None] = []
    with reading(path) as source:
        file = pq.ParquetFile(source)
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = np.r_[0, np.cumsum(sizes)]
        last, column = -1, None
        for row in rows:
            group = int(np.searchsorted(starts, row, side="right")) - 1
            if group != last:
                last, column = group, file.read_row_group(group, ["text"], use_threads=False)["text"]
            assert column is not None
            documents.append(column[row - int(starts[group])].as_py())
    return documents


def look_up(snapshot: str, parts: int, wanted: np.ndarray) -> np.ndarray:
    """Keys of the documents that have one of the band keys, uint64; as often as they have one.

    Args:
        snapshot: its directory.
        parts: of the index.
        wanted: uint64 band keys.
    """
    found = [np.zeros(0, np.uint64)]
    where = range_of(wanted, parts)
    for part in np.unique(where):
        with reading(join(snapshot, bands_name(int(part), parts))) as source:
            file = pq.ParquetFile(source)
            metadata = file.metadata
            ranges = [
                (statistics.min, statistics.max)
                for group in range(metadata.num_row_groups)
                if (statistics := metadata.row_group(group).column(0).statistics) is not None
            ]
            keys = wanted[where == part]
            least, most = (np.array([r[i] for r in ranges], np.uint64) for i in (0, 1))
            hit = ((least[:, None] <= keys) & (keys <= most[:, None])).any(axis=1)
            if hit.any():
                table = file.read_row_groups(np.flatnonzero(hit).tolist(), use_threads=False)
                found.append(table["key"].to_numpy()[np.isin(table["band_key"].to_numpy(), keys)])
    return np.concatenate(found)
