"""Some documents of each outcome, with the beginning of their text."""

from __future__ import annotations

from dataclasses import dataclass

from codemill.report.survey import Survey
from codemill.report.texts import read_texts
from codemill.rows import read_rows
from schemas.manifest import Manifest
from schemas.names import printable

SHOWN_BYTES = 1600
SHOWN_LINES = 36
_COLUMNS = ["repository", "path", "language", "license", "bytes", "tokens"]


@dataclass(frozen=True)
class Sample:
    """A document; `text` is its beginning, None where no text is to be had any more."""

    source: str
    outcome: str
    name: str
    id: str
    language: str
    license: str
    bytes: int
    tokens: int | None
    text: str | None
    cut: bool


def read_samples(snapshot: str, manifest: Manifest, work: str | None, counted: Survey) -> list[Sample]:
    """The samples of a survey, in the order of sources and outcomes."""
    keys = [named.key for listed in counted.samples.values() for named in listed]
    rows = read_rows(snapshot, manifest, keys, _COLUMNS)
    texts = read_texts(snapshot, manifest, work, keys)
    found = []
    for (source, outcome), listed in sorted(counted.samples.items()):
        for named in listed:
            row, text = rows[named.key], texts.get(named.key)
            shown = None if text is None else _beginning(text)
            found.append(
                Sample(
                    source=source,
                    outcome=outcome,
                    name=printable(row["repository"] + "/" + row["path"]),
                    id=named.id.hex(),
                    language=row["language"] or "unknown",
                    license=row["license"] or "unknown",
                    bytes=row["bytes"],
                    tokens=row["tokens"],
                    text=shown,
                    cut=text is not None and shown is not None and len(shown.encode()) < len(text),
                )
            )
    return found


def _beginning(text: bytes) -> str:
    lines = text[:SHOWN_BYTES].decode("utf-8", "ignore").split("\n")[:SHOWN_LINES]
    return "\n".join(lines)
