"""Avro with the columns of a BigQuery github_repos extraction: an export job's files, one unit each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fastavro
import pyarrow as pa

from pipelines.sources.elements import Element, FileRejected
from pipelines.sources.github_rows import BATCH_BYTES, NUMBERS, GithubRows, check_columns
from pipelines.sources.inputs import open_unchanged, whole_files
from pipelines.sources.unit import Unit
from schemas.reasons import Reject
from schemas.sources import GithubSource
from storage.errors import StorageError

SUFFIXES = (".avro",)
_MAGIC = b"Obj\x01"


def plan(source: str, config: GithubSource) -> list[Unit]:
    """One unit per file.

    Raises:
        CodemillError: a path matches nothing.
    """
    return whole_files(source, config.kind, config.paths, SUFFIXES)


def read(unit: Unit, config: GithubSource) -> Iterator[Element]:
    """The unit's documents, rejects and skipped rows.

    Raises:
        FileRejected: the file is truncated or corrupt, or lacks a column; what was yielded before does not count.
        CodemillError: the file is not the one that was planned.
    """
    (file,) = unit.files
    found = GithubRows(file, config.languages, config.max_document_bytes, 0)
    with open_unchanged(file) as stream:
        for columns, rows in _batches(stream):
            yield from found.add(_record_batch(columns, rows))
    yield from found.finish()


def _batches(stream: pa.NativeFile) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
    rows: list[dict[str, Any]] = []
    size = count = 0
    try:
        records = fastavro.reader(stream)
        schema = records.writer_schema
        names = [field["name"] for field in schema.get("fields", [])] if isinstance(schema, dict) else []
        columns = check_columns(names)
        for record in records:
            assert isinstance(record, dict)
            rows.append(record)
            count += 1
            content = record["content"]
            size += len(content) if isinstance(content, str | bytes) else 0
            if size >= BATCH_BYTES:
                yield columns, rows
                rows, size = [], 0
    except (FileRejected, StorageError):
        raise
    except EOFError:
        raise FileRejected(Reject.TRUNCATED_FILE, f"row {count}", "the file ends inside a block") from None
    except Exception as error:  # fastavro answers damage with whatever its decoder runs into
        words = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise FileRejected(Reject.CORRUPT_FILE, f"row {count}", words) from None
    yield columns, rows


def _record_batch(columns: list[str], rows: list[dict[str, Any]]) -> pa.RecordBatch:
    try:
        return pa.record_batch({name: _array(name, [row[name] for row in rows]) for name in columns})
    except (pa.ArrowException, TypeError, UnicodeEncodeError) as error:
        raise FileRejected(Reject.WRONG_COLUMNS, "", str(error).splitlines()[0][:200]) from None


def _array(name: str, values: list[Any]) -> pa.Array:
    if name in NUMBERS:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array([value.encode() if isinstance(value, str) else value for value in values], pa.large_binary())
