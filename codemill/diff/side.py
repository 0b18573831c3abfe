"""The documents of a snapshot as arrays: of each its id, content, fate and key, in 46 bytes, and no names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.tables import hash_bytes, read_table
from pipelines.workspace import read_many
from schemas.documents import document_key
from schemas.manifest import TRAIN_SPLIT, Manifest
from schemas.reasons import Outcome
from storage.files import join

COLUMNS = ("source", "id", "sha256", "outcome", "language", "split", "epochs", "tokens")
NO_NAMES = pa.table({"repository": pa.array([], pa.string()), "path": pa.array([], pa.string())})


@dataclass(frozen=True)
class Side:
    """One of two snapshots, n documents in the order of their keys.

    Attributes:
        snapshot: its directory.
        manifest: its manifest.
        ids: uint64 [n, 2], the public id.
        contents: uint64 [n, 2], the first half of the SHA-256 of the stored text.
        keys: uint64 [n], see `schemas.documents`.
        source: int16 [n], which of `sources`.
        fate: int32 [n], which of `fates`.
        sources: names, sorted.
        fates: outcomes, sorted; that of a kept document which is held out has its split behind a colon.
        train_tokens: by (source, language), as often as they are placed.
    """

    snapshot: str
    manifest: Manifest
    ids: NDArray[np.uint64]
    contents: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    source: NDArray[np.int16]
    fate: NDArray[np.int32]
    sources: tuple[str, ...]
    fates: tuple[str, ...]
    train_tokens: Counter[tuple[str, str]]


@dataclass(frozen=True)
class _Table:
    """What is taken from one document table; `fate` counts in its own `fates`."""

    ids: NDArray[np.uint64]
    contents: NDArray[np.uint64]
    fate: NDArray[np.int32]
    fates: tuple[str, ...]
    source: str
    train_tokens: Counter[tuple[str, str]]


def read_side(snapshot: str, manifest: Manifest) -> Side:
    """Read the columns that a comparison needs, several tables at a time."""
    tables = read_many(_read, [join(snapshot, name) for name in manifest.tables])
    sources = sorted({table.source for table in tables})
    fates = sorted({fate for table in tables for fate in table.fates})
    sizes = [len(table.fate) for table in tables]
    keys = [np.uint64(document_key(block, 0)) + np.arange(size, dtype=np.uint64) for block, size in enumerate(sizes)]
    nothing = np.zeros((0, 2), np.uint64)
    return Side(
        snapshot=snapshot,
        manifest=manifest,
        ids=np.concatenate([nothing, *(table.ids for table in tables)]),
        contents=np.concatenate([nothing, *(table.contents for table in tables)]),
        keys=np.concatenate([nothing[:, 0], *keys]),
        source=np.repeat(np.array([sources.index(table.source) for table in tables], np.int16), sizes),
        fate=np.concatenate([np.zeros(0, np.int32), *(_renumbered(t.fate, t.fates, fates) for t in tables)]),
        sources=tuple(sources),
        fates=tuple(fates),
        train_tokens=sum((table.train_tokens for table in tables), Counter()),
    )


def in_common_terms(a: Side, b: Side) -> tuple[Side, Side]:
    """Both sides with `source` and `fate` counting in the same lists."""
    sources = tuple(sorted({*a.sources, *b.sources}))
    fates = tuple(sorted({*a.fates, *b.fates}))
    one, other = (
        replace(
            side,
            source=_renumbered(side.source, side.sources, sources).astype(np.int16),
            fate=_renumbered(side.fate, side.fates, fates),
            sources=sources,
            fates=fates,
        )
        for side in (a, b)
    )
    return one, other


def read_names(side: Side, keys: NDArray[np.uint64]) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """(repositories, paths) of the documents of ascending keys; reads only the tables that hold them."""
    blocks, starts = np.unique(keys >> np.uint64(32), return_index=True)
    rows = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    paths = [join(side.snapshot, side.manifest.tables[block]) for block in blocks.tolist()]
    parts = dict(zip(paths, np.split(rows, starts[1:]), strict=True)) if paths else {}
    table = pa.concat_tables([NO_NAMES, *read_many(partial(_names, parts), paths)])
    return table["repository"], table["path"]


def _names(rows: dict[str, NDArray[np.int64]], path: str) -> pa.Table:
    return read_table(path, ["repository", "path"]).take(pa.array(rows[path]))


def _renumbered(
    numbers: NDArray[np.int32] | NDArray[np.int16], old: tuple[str, ...], new: tuple[str, ...] | list[str]
) -> NDArray[np.int32]:
    """Numbers in one list as numbers in another that holds the same names."""
    return np.array([new.index(name) for name in old], np.int32)[numbers]


def _read(path: str) -> _Table:
    table = read_table(path, COLUMNS)
    if not len(table):
        nothing = np.zeros((0, 2), np.uint64)
        return _Table(nothing, nothing, np.zeros(0, np.int32), (), "", Counter())
    kept = pc.equal(table["outcome"], Outcome.KEPT.value)
    trained = pc.fill_null(pc.and_(kept, pc.equal(table["split"], TRAIN_SPLIT)), False)
    held_out = pc.binary_join_element_wise(table["outcome"], table["split"], ":")
    fate = pc.dictionary_encode(pc.if_else(pc.and_(kept, pc.invert(trained)), held_out, table["outcome"]))
    placed = pc.multiply(pc.cast(table["epochs"], pa.int64()), table["tokens"])
    tokens = pa.table({"language": table["language"], "tokens": pc.fill_null(pc.if_else(trained, placed, 0), 0)})
    source = table["source"][0].as_py()
    sums = tokens.group_by("language").aggregate([("tokens", "sum")]).to_pylist()
    encoded = fate.combine_chunks()
    return _Table(
        ids=leading_words(table["id"]),
        contents=leading_words(table["sha256"]),
        fate=encoded.indices.to_numpy(),
        fates=tuple(encoded.dictionary.to_pylist()),
        source=source,
        train_tokens=Counter({(source, row["language"]): row["tokens_sum"] for row in sums if row["tokens_sum"]}),
    )


def leading_words(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    """The first 16 bytes of each hash as two numbers, uint64 [n, 2], which order as the bytes do."""
    return np.ascontiguousarray(hash_bytes(column)[:, :16]).view(">u8").astype(np.uint64)
