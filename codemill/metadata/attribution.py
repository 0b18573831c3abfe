"""`attribution.csv`: whose text a snapshot holds, under which licence, and how much of it.

One row per (stage, source, repository, subset, licence) of kept documents. RFC 4180: UTF-8, commas, CRLF, quotes
doubled. It is CSV and not TSV because TSV has no agreed way to quote, and names may hold tabs and newlines.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`. So an apostrophe is put before such a character, and
before an apostrophe, wherever a cell could be taken to begin: at the start of a text, or behind a comma, semicolon,
tab, line break or double quote; spaces between do not help it. `unguarded` takes the apostrophes away again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from codemill.metadata.kept import Kept
from schemas.manifest import Manifest

TEXTS = ("stage", "source", "repository", "subset", "license")
NUMBERS = ("documents", "bytes", "tokens")
_CHUNK_ROWS = 1 << 14
_BEGIN = r"(^|[,;\t\r\n\"])([^\S\t\r\n]*)"
_FORMULA = r"[=+\-@'\uFF1D\uFF0B\uFF0D\uFF20]"  # full-width forms too
_BARE = re.compile(rf"{_BEGIN}(?={_FORMULA})")
_GUARDED = re.compile(rf"{_BEGIN}'(?={_FORMULA})")


@lru_cache(maxsize=1 << 12)  # most columns say the same thing over and over
def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return _BARE.sub(r"\1\2'", text)


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return _GUARDED.sub(r"\1\2", text)


def attribution_rows(kept: Kept, manifest: Manifest) -> pa.Table:
    """Columns TEXTS and NUMBERS: stages and sources in the order of the ledger, the rest ascending by their bytes."""
    groups = kept.by("source", "repository", "subset", "license")
    stage_of = {row.source: row.stage for row in manifest.ledger.sources}
    parts = [
        part.append_column("stage", pa.repeat(pa.scalar(stage), part.num_rows)).select([*TEXTS, *NUMBERS])
        for source, stage in stage_of.items()
        for part in [groups.filter(pc.equal(groups["source"], source))]
    ]
    return pa.concat_tables(parts)


def attribution_csv(kept: Kept, manifest: Manifest) -> Iterator[bytes]:
    """The bytes of `attribution.csv`, in pieces."""
    yield _lines([(*TEXTS, *NUMBERS)])
    for batch in attribution_rows(kept, manifest).to_batches(max_chunksize=_CHUNK_ROWS):
        columns = [[guarded(text) for text in batch[name].to_pylist()] for name in TEXTS]
        columns += [batch[name].to_pylist() for name in NUMBERS]
        yield _lines(zip(*columns, strict=True))


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
