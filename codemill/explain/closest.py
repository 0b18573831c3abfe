"""The names in a snapshot that are most like one that is not in it."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from buffers.texts import Texts
from pipelines.tables import read_table
from pipelines.workspace import read_many
from schemas.manifest import Manifest
from schemas.names import printable
from storage.files import join

SHOWN = 3
LEAST_LIKE = 0.7
"""Similarity of the last name of a path below which it is not what was meant."""
COMPARED_PER_TABLE = 16
COMPARED = 400
"""Names that are compared letter by letter: that takes about a tenth of a millisecond each."""
LETTERS = 64


def closest_names(snapshot: str, manifest: Manifest, name: str) -> list[str]:
    """At most `SHOWN` documents or rejected files whose file name and path are most like `name`.

    A file name that is not like the last part of `name` is not what was meant, whatever its path. Every name is
    compared by the letters that it shares, which is never below its similarity; the best of them letter by letter.
    """
    found = read_many(partial(_likely, name), [join(snapshot, table) for table in manifest.tables])
    found.append(_likeliest(name, _rejected(join(snapshot, "rejects.parquet"))))
    likely = sorted((row for rows in found for row in rows), key=lambda row: (-row[0], *row[1:]))[:COMPARED]
    scored = []
    for _, source, path in likely:
        last = _like(_last(name), _last(path))
        if last >= LEAST_LIKE:
            scored.append((-last - _like(name, path), f"{source}: {printable(path)}"))
    return [shown for _, shown in sorted(scored)[:SHOWN]]


def letters_bound(names: Texts, wanted: bytes) -> NDArray[np.float64]:
    """An upper bound of difflib's ratio of each name and `wanted`, whatever their case; float64 [names].

    2 x letters in common / letters in both, where some letters count as the same.
    """
    every = (names.data[: names.offsets[-1]] | 0x20) % LETTERS
    rows = np.repeat(np.arange(len(names)), names.lengths())
    counts = np.bincount(rows * LETTERS + every, minlength=len(names) * LETTERS).reshape(-1, LETTERS)
    target = np.bincount((np.frombuffer(wanted, np.uint8) | 0x20) % LETTERS, minlength=LETTERS)
    common = np.minimum(counts, target).sum(axis=1)
    bound: NDArray[np.float64] = 2 * common / np.maximum(1, names.lengths() + len(wanted))
    return bound


def _likely(name: str, path: str) -> list[tuple[float, str, str]]:
    names = read_table(path, ["source", "repository", "path"])
    return _likeliest(name, names)


def _rejected(path: str) -> pa.Table:
    """Files that were rejected whole, as documents are called."""
    files = read_table(path, ["source", "file", "place"])
    files = files.filter(pc.equal(files["place"], ""))
    return pa.table({"source": files["source"], "repository": files["place"], "path": files["file"]})


def _likeliest(name: str, names: pa.Table) -> list[tuple[float, str, str]]:
    """(bounds of the last name and of the path added, source, repository/path) of the likeliest rows of a table."""
    last = letters_bound(Texts.from_arrow(_last_names(names["path"])), _last(name).encode())
    likely = np.flatnonzero(last >= LEAST_LIKE)
    names = names.take(pa.array(likely))
    bound = last[likely] + letters_bound(Texts.from_arrow(names["path"]), name.encode())
    best = np.argsort(-bound, kind="stable")[:COMPARED_PER_TABLE]
    rows = names.take(pa.array(best)).to_pylist()
    return [
        (float(bound[at]), row["source"], f"{row['repository']}/{row['path']}".removeprefix("/"))
        for at, row in zip(best, rows, strict=True)
    ]


def _last_names(paths: pa.ChunkedArray) -> pa.Array:
    """What stands behind the last "/" of each path."""
    parts = pc.split_pattern(paths.combine_chunks(), "/", max_splits=1, reverse=True)
    ends = parts.offsets.to_numpy()[1:]
    return parts.values.take(pa.array(ends - 1))


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _like(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()
