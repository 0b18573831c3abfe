"""What a reader yields beside blocks of documents, and how it refuses a whole file."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import pyarrow as pa

from schemas.reasons import Reject


class RejectRow(NamedTuple):
    """One document that could not be taken."""

    file: str
    """The input file's relative name."""
    place: str
    """Where in it: "line 12" (from 1), "byte 4096", "row 7" (from 0), or "" for the whole of it."""
    reason: Reject
    detail: str
    bytes: int


class Skipped(NamedTuple):
    """Documents that the config does not ask for, such as other languages."""

    documents: int
    bytes: int


Element: TypeAlias = pa.RecordBatch | RejectRow | Skipped


class FileRejected(Exception):
    """A file is bad as a whole: none of its documents may be kept, neither those already yielded.

    A file that was cut into several units may be refused by one of them only; its other units' documents go too.
    """

    def __init__(self, reason: Reject, place: str, detail: str) -> None:
        super().__init__(reason, place, detail)
        self.reason = reason
        self.place = place
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason.value}{f' at {self.place}' if self.place else ''}: {self.detail}"
