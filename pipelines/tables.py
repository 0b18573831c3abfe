"""Parquet files of the passes: written whole, atomically, with the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import CheckFailed
from storage.errors import StorageError
from storage.files import open_input, write_atomic

COMPRESSION = "zstd"


def write_table(
    path: str,
    table: pa.Table,
    *,
    compression: str = COMPRESSION,
    bounds: Sequence[int] | None = None,
    statistics: Sequence[str] = (),
) -> None:
    """Write a table as one Parquet file: with one row group, or one for each two neighbouring `bounds`.

    Statistics (smallest and largest value by row group) are written of the columns named.

    Dictionary encoding is kept to strings: text, hashes and signatures hardly ever repeat, and trying costs time. For
    the same reason hashes, lists of them and signatures are not compressed.
    """
    strings = [f.name for f in table.schema if pa.types.is_string(f.type)]
    compressions = {name: compression for name in _leaves(table.schema)}

    def write(sink: pa.NativeFile) -> None:
        with pq.ParquetWriter(
            sink,
            table.schema,
            compression=compressions,
            compression_level=dict.fromkeys(compressions, 1) if compression == "zstd" else None,
            use_dictionary=strings,
            write_statistics=list(statistics),
        ) as writer:
            for start, end in pairwise(bounds or (0, table.num_rows)):
                writer.write_table(table[start:end], row_group_size=max(1, end - start))

    write_atomic(path, write)


def _leaves(schema: pa.Schema) -> list[str]:
    """The columns that compression may gain something on, by their names in Parquet."""
    leaves: list[str] = []
    for field in schema:
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            leaves += [f"{field.name}.list.element.{child.name}" for child in field.type.value_type.fields]
        elif not pa.types.is_fixed_size_binary(field.type) and not pa.types.is_list(field.type):
            leaves.append(field.name)
    return leaves


@contextmanager
def reading(path: str) -> Iterator[pa.NativeFile]:
    """Open a Parquet file; what Arrow says against it within this block becomes an error for people.

    Raises:
        StorageError: it cannot be read.
        CheckFailed: it is damaged.
    """
    with open_input(path) as source:
        try:
            yield source
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, StorageError):
                raise
            raise CheckFailed(
                f"{path}: is damaged, or no Parquet file",
                "restore it from a copy, or delete it and build again; `codemill verify` names all damaged files",
            ) from error


def read_table(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read some columns of a Parquet file; chunks are combined, so that each column is one buffer.

    Raises:
        StorageError: it cannot be read.
        CheckFailed: it is damaged.
    """
    with reading(path) as source:
        table = pq.ParquetFile(source).read(columns=None if columns is None else list(columns), use_threads=False)
    return table.combine_chunks()


def hash_bytes(column: pa.ChunkedArray) -> np.ndarray:
    """A fixed-size binary column [n] of w bytes, without nulls, as uint8 [n, w]; of one chunk, nothing is copied."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # as older versions of pyarrow give it
        array = array.chunk(0) if array.num_chunks else pa.array([], column.type)
    width = column.type.byte_width
    if not len(array):
        return np.zeros((0, width), np.uint8)
    return np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, width)[array.offset : array.offset + len(array)]


def signatures_of(column: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    """The signatures of some rows, uint32 [rows, bins]; none of them may be null."""
    joined = b"".join(column.take(pa.array(rows)).to_pylist())
    return np.frombuffer(joined, "<u4").reshape(len(rows), column.type.byte_width // 4)
