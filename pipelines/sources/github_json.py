"""JSON Lines with the columns of a BigQuery github_repos extraction, plain, `.gz` or `.zst`; one unit per file.

An export job writes integers as strings. Keys that are not used are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from pipelines.sources.decompression import decompressed
from pipelines.sources.elements import Element, FileRejected, RejectRow
from pipelines.sources.github_rows import NUMBERS, GithubRows
from pipelines.sources.inputs import open_unchanged, printable, whole_files
from pipelines.sources.lines import LongLine, split_lines
from pipelines.sources.unit import Unit
from schemas.reasons import Reject
from schemas.sources import GithubSource

SUFFIXES = tuple(f"{name}{packed}" for name in (".json", ".jsonl") for packed in ("", ".gz", ".zst"))
_ESCAPES = 6
"""Bytes of JSON that one byte of text takes at most, as in `\\u0000`."""


class _Row(msgspec.Struct, gc=False):
    path: str
    content: str | None = None
    repo_name: str | None = None
    license: str | None = None
    ref: str | None = None
    copies: str | int | None = None
    stars: str | int | None = None


_decode = msgspec.json.Decoder(_Row).decode


def plan(source: str, config: GithubSource) -> list[Unit]:
    """One unit per file.

    Raises:
        CodemillError: a path matches nothing.
    """
    return whole_files(source, config.kind, config.paths, SUFFIXES)


def read(unit: Unit, config: GithubSource) -> Iterator[Element]:
    """The unit's documents, rejects and skipped rows; a line that is no row is rejected by itself.

    Raises:
        FileRejected: the file is truncated or corrupt; what was yielded before does not count.
        CodemillError: the file is not the one that was planned.
    """
    (file,) = unit.files
    name = printable(file.relative)
    longest = _ESCAPES * config.max_document_bytes + (1 << 16)
    found = GithubRows(file, config.languages, config.max_document_bytes, 0)
    with open_unchanged(file) as stream:
        for lines in split_lines(decompressed(stream, file.relative), longest, 0):
            if isinstance(lines, LongLine):
                detail = f"{lines.bytes} bytes; max_document_bytes is {config.max_document_bytes}"
                yield RejectRow(name, f"line {lines.number + 1}", Reject.TOO_LARGE, detail, lines.bytes)
                continue
            rows: list[_Row] = []
            numbers: list[int] = []
            for number, line in enumerate(lines.lines, lines.number + 1):
                if not line or line.isspace():
                    continue
                try:
                    rows.append(_decode(line))
                    numbers.append(number)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    reason = _reason(error)
                    if not lines.closed and reason is not Reject.MISSING_TEXT:
                        detail = f"the file ends inside a line ({error})"
                        raise FileRejected(Reject.TRUNCATED_FILE, f"line {number}", detail) from None
                    yield RejectRow(name, f"line {number}", reason, str(error), len(line))
            yield from found.add(_record_batch(rows), [f"line {number}" for number in numbers])
    yield from found.finish()


def _reason(error: Exception) -> Reject:
    if isinstance(error, msgspec.ValidationError):
        return Reject.MISSING_TEXT
    return Reject.NOT_UTF8 if isinstance(error, UnicodeDecodeError) else Reject.MALFORMED_JSON


def _record_batch(rows: list[_Row]) -> pa.RecordBatch:
    def texts(name: str) -> pa.Array:
        return pa.array([getattr(row, name) for row in rows], pa.large_string())

    def numbers(name: str) -> pa.Array:
        values: list[Any] = [getattr(row, name) for row in rows]
        return pa.array([None if value is None else str(value) for value in values], pa.string())

    columns = {name: texts(name) for name in ("path", "content", "repo_name", "license", "ref")}
    return pa.record_batch(columns | {name: numbers(name) for name in NUMBERS})
