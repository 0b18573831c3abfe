"""Parquet files of the passes: written whole, atomically, with the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from storage.files import open_input, write_atomic

COMPRESSION = "zstd"


def write_table(path: str, table: pa.Table, *, compression: str = COMPRESSION) -> None:
    """Write a table as one Parquet file with one row group.

    Dictionary encoding is kept to strings: text, hashes and signatures hardly ever repeat, and trying costs time.
    """
    strings = [f.name for f in table.schema if pa.types.is_string(f.type)]

    def write(sink: pa.NativeFile) -> None:
        with pq.ParquetWriter(
            sink,
            table.schema,
            compression=compression,
            compression_level=1 if compression == "zstd" else None,
            use_dictionary=strings,
            write_statistics=False,
        ) as writer:
            writer.write_table(table, row_group_size=max(1, table.num_rows))

    write_atomic(path, write)


def read_table(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read some columns of a Parquet file; chunks are combined, so that each column is one buffer."""
    with open_input(path) as source:
        table = pq.ParquetFile(source).read(columns=None if columns is None else list(columns), use_threads=False)
    return table.combine_chunks()
