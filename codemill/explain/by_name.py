"""From a path, its end, or a document's id to documents and rejected files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from codemill.explain.closest import closest_names
from codemill.explain.document import explain_document, read_documents
from codemill.explain.passed_over import passed_over
from codemill.explain.question import UNDERSTOOD, Identity, Name
from pipelines.tables import read_table
from pipelines.workspace import read_many
from schemas.documents import ID_TYPE
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from schemas.names import printable
from storage.files import join

REJECTS = "rejects.parquet"


def explain_name(snapshot: str, manifest: Manifest, asked: Name, limit: int) -> Iterator[str]:
    """Lines for each document, then each rejected file, of that name; `limit` of each.

    Raises:
        CodemillError: nothing is called so; with what the manifest tells about that, and the closest names.
    """
    rows = _find(snapshot, manifest, partial(_rows_named, asked.name))
    rejects = read_table(join(snapshot, REJECTS))
    within = named(rejects["file"], rejects["place"], asked.name)  # in Git and Parquet the place is the path
    rejects = rejects.filter(pc.or_(within, _ends_in(rejects["file"], asked.name)))
    count = sum(map(len, rows)) + len(rejects)
    if not count:
        why = "".join(f"; {reason}" for reason in passed_over(manifest, asked.name))
        closest = closest_names(snapshot, manifest, asked.name)
        raise CodemillError(
            f"{snapshot}: no document or rejected file is called {asked.name!r}{why}",
            (f"the closest names are {', '.join(closest)}; or " if closest else "") + UNDERSTOOD,
        )
    for document in read_documents(snapshot, manifest, rows, limit):
        yield from explain_document(snapshot, manifest, document)
    for row in rejects.slice(0, limit).to_pylist():
        place = f" at {printable(row['place'])}" if row["place"] else ""
        yield f"{row['source']}: {printable(row['file'])}{place}: rejected, {row['reason']} ({row['bytes']} bytes)"
        yield f"  {printable(row['detail'])}"
    shown = min(limit, sum(map(len, rows))) + min(limit, len(rejects))
    if count > shown:
        yield f"... and {count - shown:,} more; give a longer path, or --limit, to see one of them"


def explain_identity(snapshot: str, manifest: Manifest, asked: Identity, limit: int) -> Iterator[str]:
    """Lines for the document of an id.

    Raises:
        CodemillError: there is none.
    """
    rows = _find(snapshot, manifest, partial(_rows_identified, pa.scalar(asked.id, ID_TYPE)))
    if not any(map(len, rows)):
        raise CodemillError(f"{snapshot}: no document has the id {asked.id.hex()}", UNDERSTOOD)
    for document in read_documents(snapshot, manifest, rows, limit):
        yield from explain_document(snapshot, manifest, document)


def named(folder: pa.ChunkedArray, path: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Whether "folder/path" is `name` or ends in "/" + `name`, for each row; nothing is joined.

    `name` lies within the path, or the whole path is its end and the folder ends in the rest.
    """
    found = _ends_in(path, name)
    cuts = [place for place, letter in enumerate(name) if letter == "/"]
    for cut in cuts:
        whole = pc.equal(path, name[cut + 1 :])
        if pc.any(whole).as_py():
            found = pc.or_(found, pc.and_(whole, _ends_in(folder, name[:cut])))
    return found


def _ends_in(path: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    return pc.or_(pc.equal(path, name), pc.ends_with(path, "/" + name))


def _find(snapshot: str, manifest: Manifest, rows_of: Callable[[str], NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    return read_many(rows_of, [join(snapshot, name) for name in manifest.tables])


def _rows_named(name: str, path: str) -> NDArray[np.int64]:
    table = read_table(path, ["repository", "path"])
    return np.flatnonzero(named(table["repository"], table["path"], name).to_numpy())


def _rows_identified(wanted: pa.Scalar, path: str) -> NDArray[np.int64]:
    return np.flatnonzero(pc.equal(read_table(path, ["id"])["id"], wanted).to_numpy())
