"""What ties the documents of a repository together on their way to one shard."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa

from pipelines.tokens.corpus_tokenizer import id_bytes
from schemas.documents import LINKS_SCHEMA, repository_id
from tokenization.packing.dependencies import dependency_order
from tokenization.packing.imports import provided_names, required_names

NO_LINKS = LINKS_SCHEMA.empty_table()


def links_table(source: str, documents: pa.Table) -> pa.Table:
    """One row per document, by `LINKS_SCHEMA`; from the columns id, repository, path, language and text."""
    rows = []
    columns = (documents[name].to_pylist() for name in ("id", "repository", "path", "language"))
    for (document, repository, path, language), text in zip(zip(*columns, strict=True), documents["text"], strict=True):
        rows.append(
            (
                repository_id(source, repository) if repository else document,
                path,
                provided_names(path, language),
                required_names(path, language, text.as_py()),
            )
        )
    names = LINKS_SCHEMA.names
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)}, LINKS_SCHEMA)


def to_bytes(links: pa.Table) -> np.ndarray:
    """Links as one Arrow stream, uint8."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, LINKS_SCHEMA) as writer:
        writer.write_table(links)
    return np.frombuffer(sink.getvalue(), np.uint8)


def from_bytes(data: bytes) -> pa.Table:
    """Links again; of no bytes there are none."""
    return pa.ipc.open_stream(data).read_all() if data else NO_LINKS


def repository_order(places: np.ndarray, ids: np.ndarray, copies: np.ndarray, links: pa.Table) -> np.ndarray:
    """The order of a shard's documents: repositories by place, and in each what is imported first.

    Args:
        places: uint64 [documents], equal for the documents of one copy of a repository.
        ids: uint8 [documents, 16]; documents of one path follow each other in their order.
        copies: integers [documents], which copy each is.
        links: a row for each.

    Returns:
        int64 [documents].
    """
    words = ids.view(">u8")
    groups = id_bytes(links["group"]).view(">u8")
    paths = np.unique(np.array(links["path"].to_pylist(), object), return_inverse=True)[1]
    order = np.lexsort((words[:, 1], words[:, 0], paths, copies, groups[:, 1], groups[:, 0], places))
    keys = np.c_[groups, copies.astype(np.uint64)][order]
    changes = np.flatnonzero((keys[1:] != keys[:-1]).any(axis=1)) + 1
    bounds = [0, *changes.tolist(), order.size]
    provides, requires = (_lists(links[name]) for name in ("provides", "requires"))
    for first, last in itertools.pairwise(bounds):
        if last - first > 1:
            group = order[first:last]
            chosen = dependency_order([provides[i] for i in group], [requires[i] for i in group])
            order[first:last] = group[chosen]
    return order


def _lists(column: pa.ChunkedArray) -> list[np.ndarray]:
    array = column.combine_chunks()
    values = array.values.to_numpy()
    return [values[low:high] for low, high in itertools.pairwise(array.offsets.to_numpy().tolist())]
