"""Parquet with the columns of a BigQuery github_repos extraction, by row groups."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.elements import Element, FileRejected
from pipelines.sources.github_rows import BATCH_BYTES, NEEDED, GithubRows, check_columns
from pipelines.sources.inputs import find_inputs, open_unchanged
from pipelines.sources.unit import InputFile, Unit
from schemas.errors import CodemillError
from schemas.reasons import Reject
from schemas.sources import GithubSource
from storage.errors import StorageError, explained

SUFFIXES = (".parquet",)
UNIT_BYTES = 256 << 20
"""Uncompressed bytes of a unit's row groups, where they are small enough to be put together."""
_BATCH_ROWS = 1 << 16
_MAGIC = b"PAR1"
_FOOTER_READERS = 16


def plan(source: str, config: GithubSource) -> list[Unit]:
    """Ranges of row groups of about UNIT_BYTES; a file whose footer cannot be read is one unit, which rejects it.

    Raises:
        CodemillError: a path matches nothing.
    """
    files = [InputFile(uri, *entry) for uri, entry in find_inputs(config.paths, SUFFIXES)]
    units: list[Unit] = []
    with ThreadPoolExecutor(_FOOTER_READERS) as pool:
        for file, ranges in zip(files, pool.map(_row_group_ranges, files), strict=True):
            for start, end in ranges:
                units.append(Unit(source, config.kind, len(units), (file,), start, end))
    return units


def read(unit: Unit, config: GithubSource) -> Iterator[Element]:
    """The unit's documents, rejects and skipped rows.

    Raises:
        FileRejected: the file is truncated or corrupt, or lacks a column.
        CodemillError: the file is not the one that was planned.
    """
    (file,) = unit.files
    with open_unchanged(file, random_access=True) as stream, _damage_as_reject(file):
        parquet = _open(stream, file)
        columns = _columns(parquet.schema_arrow)
        groups = [parquet.metadata.row_group(index) for index in range(parquet.num_row_groups)]
        row = sum(group.num_rows for group in groups[: unit.start])
        rows = max(1, sum(group.num_rows for group in groups[unit.start : unit.end]))
        row_bytes = max(1, sum(group.total_byte_size for group in groups[unit.start : unit.end]) // rows)
        batches = parquet.iter_batches(
            batch_size=min(_BATCH_ROWS, max(1, BATCH_BYTES // row_bytes)),
            row_groups=list(range(unit.start, unit.end)),
            columns=columns,
            use_threads=False,
        )
        found = GithubRows(file, config.languages, config.max_document_bytes, row)
        for batch in batches:
            yield from found.add(batch)
        yield from found.finish()


def _row_group_ranges(file: InputFile) -> list[tuple[int, int]]:
    try:
        with open_unchanged(file, random_access=True) as stream, _damage_as_reject(file):
            metadata = _open(stream, file).metadata
            sizes = [metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups)]
    except FileRejected:
        return [(0, 0)]
    ranges = [(0, 0)]
    for index, size in enumerate(sizes):
        start, end = ranges[-1]
        if end > start and sum(sizes[start:end]) + size > UNIT_BYTES:
            ranges.append((index, index + 1))
        else:
            ranges[-1] = (start, index + 1)
    return ranges


def _open(stream: pa.NativeFile, file: InputFile) -> pq.ParquetFile:
    if file.size < 3 * len(_MAGIC):
        raise FileRejected(Reject.TRUNCATED_FILE, "", f"{file.size} bytes are too few for a Parquet file")
    if stream.read_at(len(_MAGIC), 0) != _MAGIC:
        raise FileRejected(Reject.CORRUPT_FILE, "", "not a Parquet file: it does not start with PAR1")
    if stream.read_at(len(_MAGIC), file.size - len(_MAGIC)) != _MAGIC:
        raise FileRejected(Reject.TRUNCATED_FILE, "", "it does not end with PAR1: the footer is cut off")
    return pq.ParquetFile(stream, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True)


@contextmanager
def _damage_as_reject(file: InputFile) -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if "google::cloud" in str(error):  # the connection, not the file
            told = explained(file.uri, "read", error)
            raise CodemillError(told.message, told.remedy) from None
        words = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise FileRejected(Reject.CORRUPT_FILE, "", words) from None


def _columns(schema: pa.Schema) -> list[str]:
    columns = check_columns(schema.names)
    for name in (*NEEDED, "repo_name", "license", "ref"):
        if name in schema.names and not _is_text(schema.field(name).type):
            raise FileRejected(Reject.WRONG_COLUMNS, "", f"column {name} is {schema.field(name).type}, not string")
    return columns


def _is_text(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
    )
