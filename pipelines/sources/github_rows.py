"""Rows of a BigQuery github_repos extraction, one file of source code each, whatever they were stored as.

Needed: `path` and `content`. Used where present: `repo_name`, `license`, `ref` (the revision), `copies`, `stars`. The
language is told by the path; rows in a language that the config does not name are skipped. Places count rows from 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filtering.languages import language_of
from pipelines.sources.blocks import BlockBuilder
from pipelines.sources.elements import Element, FileRejected, RejectRow, Skipped
from pipelines.sources.inputs import printable
from pipelines.sources.unit import InputFile
from schemas.reasons import Reject

NEEDED = ("path", "content")
NUMBERS = ("copies", "stars")
OPTIONAL = ("repo_name", "license", "ref", *NUMBERS)
BATCH_BYTES = 16 << 20
"""Bytes of rows that readers hand on together, about."""


class GithubRows:
    """Turns batches of rows of one unit, in order, into elements."""

    def __init__(self, file: InputFile, languages: tuple[str, ...], max_document_bytes: int, first_row: int) -> None:
        self._file = file
        self._selected = frozenset(languages)
        self._blocks = BlockBuilder(max_document_bytes)
        self._row = first_row
        self._skipped = Skipped(0, 0)

    def add(self, batch: pa.RecordBatch, places: list[str] | None = None) -> Iterator[Element]:
        """Take rows in; yields reject rows, and each block that becomes full.

        Args:
            batch: [n]; `path` and the other names are of text or bytes, as is `content`.
            places: [n], where each row is in the file; "row 7" and so on by default.
        """
        if batch.num_rows == 0:
            return
        paths = _names(batch, "path")
        languages = [language_of(path) for path in paths]
        taken = np.array([language in self._selected for language in languages], np.bool_)
        content = batch.column("content").cast(pa.large_binary())
        lengths = pc.fill_null(pc.binary_length(content), 0).to_numpy(zero_copy_only=False)
        skipped = Skipped(int((~taken).sum()), int(lengths[~taken].sum()))
        self._skipped = Skipped(*map(sum, zip(self._skipped, skipped, strict=True)))
        absent = content.is_null().to_numpy(zero_copy_only=False)
        if places is None:
            places = [f"row {row}" for row in range(self._row, self._row + batch.num_rows)]
        self._row += batch.num_rows
        file = printable(self._file.relative)
        for row in np.flatnonzero(taken & absent).tolist():
            yield RejectRow(file, places[row], Reject.MISSING_TEXT, "content is null", 0)
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
        texts = content if everything else content.take(pa.array(rows))
        yield from self._blocks.add(texts, columns, file, [places[row] for row in rows.tolist()])

    def finish(self) -> Iterator[Element]:
        """What is left, and how much was skipped."""
        yield from self._blocks.finish()
        if self._skipped.documents:
            yield self._skipped


def check_columns(names: list[str]) -> list[str]:
    """Which of a file's columns to read.

    Raises:
        FileRejected: one that is needed is not there.
    """
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise FileRejected(
            Reject.WRONG_COLUMNS, "", f"no column {' and '.join(missing)}; found {', '.join(names) or 'none'}"
        )
    return [name for name in (*NEEDED, *OPTIONAL) if name in names]


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
