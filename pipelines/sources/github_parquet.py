"""Parquet with the columns of a BigQuery github_repos extraction: one row per file of source code.

Needed: `path` and `content`. Used where present: `repo_name`, `license`, `ref` (the revision), `copies`, `stars`. The
language is told by the path; rows in a language that the config does not name are skipped. Places count rows from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filtering.languages import language_of
from pipelines.sources.blocks import BlockBuilder
from pipelines.sources.elements import Element, FileRejected, RejectRow, Skipped
from pipelines.sources.inputs import find_inputs, open_unchanged, printable
from pipelines.sources.unit import InputFile, Unit
from schemas.errors import CodemillError
from schemas.reasons import Reject
from schemas.sources import GithubParquetSource
from storage.errors import StorageError, explained

SUFFIXES = (".parquet",)
UNIT_BYTES = 256 << 20
"""Uncompressed bytes of a unit's row groups, where they are small enough to be put together."""
NEEDED = ("path", "content")
OPTIONAL = ("repo_name", "license", "ref", "copies", "stars")
_BATCH_BYTES = 16 << 20
_BATCH_ROWS = 1 << 16
_MAGIC = b"PAR1"
_FOOTER_READERS = 16


def plan(source: str, config: GithubParquetSource) -> list[Unit]:
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


def read(unit: Unit, config: GithubParquetSource) -> Iterator[Element]:
    """The unit's documents, rejects and skipped rows.

    Raises:
        FileRejected: the file is truncated or corrupt, or lacks a column.
        CodemillError: the file is not the one that was planned.
    """
    (file,) = unit.files
    selected = frozenset(config.languages)
    blocks = BlockBuilder(config.max_document_bytes)
    skipped = Skipped(0, 0)
    with open_unchanged(file, random_access=True) as stream, _damage_as_reject(file):
        parquet = _open(stream, file)
        columns = _columns(parquet.schema_arrow)
        groups = [parquet.metadata.row_group(index) for index in range(parquet.num_row_groups)]
        row = sum(group.num_rows for group in groups[: unit.start])
        rows = max(1, sum(group.num_rows for group in groups[unit.start : unit.end]))
        row_bytes = max(1, sum(group.total_byte_size for group in groups[unit.start : unit.end]) // rows)
        batches = parquet.iter_batches(
            batch_size=min(_BATCH_ROWS, max(1, _BATCH_BYTES // row_bytes)),
            row_groups=list(range(unit.start, unit.end)),
            columns=columns,
            use_threads=False,
        )
        for batch in batches:
            batch_skipped, elements = _documents(batch, row, file, selected, blocks)
            skipped = Skipped(*map(sum, zip(skipped, batch_skipped, strict=True)))
            yield from elements
            row += batch.num_rows
    yield from blocks.finish()
    if skipped.documents:
        yield skipped


def _documents(
    batch: pa.RecordBatch, first_row: int, file: InputFile, selected: frozenset[str], blocks: BlockBuilder
) -> tuple[Skipped, Iterator[Element]]:
    """What one batch skips, and its elements."""
    paths = _names(batch, "path")
    languages = [language_of(path) for path in paths]
    taken = np.array([language in selected for language in languages], np.bool_)
    content = batch.column("content").cast(pa.large_binary())
    lengths = pc.fill_null(pc.binary_length(content), 0).to_numpy(zero_copy_only=False)
    skipped = Skipped(int((~taken).sum()), int(lengths[~taken].sum()))
    absent = content.is_null().to_numpy(zero_copy_only=False)

    def elements() -> Iterator[Element]:
        for row in np.flatnonzero(taken & absent).tolist():
            yield RejectRow(
                printable(file.relative), f"row {first_row + row}", Reject.MISSING_TEXT, "content is null", 0
            )
        rows = np.flatnonzero(taken & ~absent)
        everything = rows.size == batch.num_rows
        picked = batch if everything else batch.take(pa.array(rows))
        columns = {
            "repository": pa.array(_names(picked, "repo_name"), pa.string()),
            "path": pa.array([paths[row] for row in rows.tolist()], pa.string()),
            "revision": pa.array(_names(picked, "ref"), pa.string()),
            "license": pa.array([name.strip().lower() for name in _names(picked, "license")], pa.string()),
            "language": pa.array([languages[row] for row in rows.tolist()], pa.string()),
            "subset": "",
            "stars": _numbers(picked, "stars", 0),
            "copies": _numbers(picked, "copies", 1),
        }
        places = [f"row {first_row + row}" for row in rows.tolist()]
        texts = content if everything else content.take(pa.array(rows))
        yield from blocks.add(texts, columns, printable(file.relative), places)

    return skipped, elements()


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
            raise CodemillError(str(explained(file.uri, "read", error))) from None
        words = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise FileRejected(Reject.CORRUPT_FILE, "", words) from None


def _columns(schema: pa.Schema) -> list[str]:
    missing = [name for name in NEEDED if name not in schema.names]
    if missing:
        raise FileRejected(
            Reject.WRONG_COLUMNS, "", f"no column {' and '.join(missing)}; found {', '.join(schema.names) or 'none'}"
        )
    for name in (*NEEDED, "repo_name", "license", "ref"):
        if name in schema.names and not _is_text(schema.field(name).type):
            raise FileRejected(Reject.WRONG_COLUMNS, "", f"column {name} is {schema.field(name).type}, not string")
    return [name for name in (*NEEDED, *OPTIONAL) if name in schema.names]


def _is_text(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
    )


def _names(batch: pa.RecordBatch, column: str) -> list[str]:
    """A column as strings: null is "", bytes that are not UTF-8 become `xNN` after a backslash."""
    if column not in batch.schema.names:
        return [""] * batch.num_rows
    return [
        raw.decode("utf-8", "backslashreplace") if raw is not None else ""
        for raw in batch.column(column).cast(pa.large_binary()).to_pylist()
    ]


def _numbers(batch: pa.RecordBatch, column: str, default: int) -> pa.Array:
    """A column as int32, clamped; null, what is no number, and a column that is not there count as the default."""
    values = batch.column(column).to_pylist() if column in batch.schema.names else [None] * batch.num_rows
    return pa.array([_number(value, default) for value in values], pa.int32())


def _number(value: object, default: int) -> int:
    # Public extractions hold `copies` as a string.
    if not isinstance(value, str | int):
        return default
    try:
        return max(0, min(int(value), 2**31 - 1))
    except ValueError:
        return default
