"""Helpers: read a source whole, and tell what came out in plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.sources import FileRejected, RejectRow, Skipped, Unit, plan, read
from schemas.documents import RAW_SCHEMA
from schemas.reasons import Reject
from schemas.sources import DirectorySource, FileSourceConfig, GithubSource, PileSource


class Outcome(NamedTuple):
    documents: list[dict[str, Any]]
    rejects: list[RejectRow]
    skipped: Skipped

    @property
    def texts(self) -> list[bytes]:
        return [row["text"] for row in self.documents]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """(place, reason) of each reject."""
        return [(row.place, row.reason.value) for row in self.rejects]


def pile(*paths: object, **options: Any) -> PileSource:
    return PileSource(kind="pile_jsonl", paths=tuple(map(str, paths)), **options)


def github(
    *paths: object, languages: tuple[str, ...] = ("python",), kind: Any = "github_parquet", **options: Any
) -> GithubSource:
    return GithubSource(kind=kind, paths=tuple(map(str, paths)), languages=languages, **options)


def tree(*paths: object, languages: tuple[str, ...] = ("python",), **options: Any) -> DirectorySource:
    return DirectorySource(kind="directory", paths=tuple(map(str, paths)), languages=languages, **options)


def read_units(units: Iterable[Unit], config: FileSourceConfig) -> Outcome:
    """Everything the units hold; a unit whose file is rejected as a whole gives that one row."""
    documents: list[dict[str, Any]] = []
    rejects: list[RejectRow] = []
    skipped = Skipped(0, 0)
    for unit in units:
        found: list[dict[str, Any]] = []
        bad: list[RejectRow] = []
        passed = Skipped(0, 0)
        try:
            for element in read(unit, config):
                if isinstance(element, RejectRow):
                    bad.append(element)
                elif isinstance(element, Skipped):
                    passed = element
                else:
                    assert isinstance(element, pa.RecordBatch)
                    assert element.schema == RAW_SCHEMA
                    element.validate(full=True)
                    found += element.to_pylist()
        except FileRejected as whole:
            (file,) = unit.files
            found, passed = [], Skipped(0, 0)
            bad = [RejectRow(file.relative, whole.place, whole.reason, whole.detail, file.size)]
        documents += found
        rejects += bad
        skipped = Skipped(skipped.documents + passed.documents, skipped.bytes + passed.bytes)
    return Outcome(documents, rejects, skipped)


def read_all(config: FileSourceConfig) -> Outcome:
    return read_units(plan("s", config), config)


def whole_file_reject(config: FileSourceConfig) -> tuple[Reject, str]:
    """(reason, detail) when all that comes out is one rejected file."""
    outcome = read_all(config)
    assert outcome.documents == []
    (row,) = outcome.rejects
    return row.reason, row.detail


def write_files(root: Path, files: dict[str, bytes | str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
