"""Snapshots without text or shards: document tables and a manifest, written by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.snapshot.files import describe_file
from schemas.documents import FINAL_COLUMNS, HASH_TYPE, ID_TYPE, document_id, table_name
from schemas.ledger import Amount, Ledger, SourceRow
from schemas.manifest import FORMAT_VERSION, MANIFEST_NAME, Manifest, Tokenizer

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "repository", "path", "revision", "language")),
        ("id", ID_TYPE),
        ("sha256", HASH_TYPE),
        ("raw_sha256", HASH_TYPE),
        *FINAL_COLUMNS,
    ]
)


class Made(NamedTuple):
    """A document."""

    path: str
    text: str = ""
    outcome: str = "kept"
    source: str = "one"
    repository: str = "repo"
    revision: str = ""
    language: str = "python"
    split: str = "train"
    tokens: int = 10


def write_snapshot(root: Path, documents: Iterable[Made], rows_per_table: int = 4, **changed: Any) -> str:
    """Write a snapshot of these documents, each table of one source, and return its directory."""
    by_source: dict[str, list[Made]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)
    tables: list[str] = []
    (root / "documents").mkdir(parents=True, exist_ok=True)
    for source in sorted(by_source):
        for first in range(0, len(by_source[source]), rows_per_table):
            tables.append(table_name(len(tables)))
            rows = [_row(document) for document in by_source[source][first : first + rows_per_table]]
            pq.write_table(pa.Table.from_pylist(rows, SCHEMA), root / tables[-1])
    files = {name: describe_file(str(root / name)) for name in tables}
    manifest = made_manifest(sorted(by_source), tables, **{"files": files, **changed})
    (root / MANIFEST_NAME).write_bytes(manifest.to_bytes())
    return str(root)


def made_manifest(sources: Iterable[str], tables: Iterable[str], **changed: Any) -> Manifest:
    """A manifest in which every source feeds the stage `stage`."""
    rows = [
        SourceRow(stage="stage", source=s, read=Amount(), outcomes={}, tokens=0, placements=0, placed_tokens=0)
        for s in sources
    ]
    content: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "name": "made",
        "seed": 1,
        "digest": "",
        "code_version": "0",
        "libraries": {},
        "config": {},
        "context_length": 8,
        "id_bytes": 3,
        "hosts": 1,
        "tokenizer": Tokenizer(kind="sentencepiece", identity="", size=2, separator_id=1),
        "stages": {},
        "ledger": Ledger(sources=tuple(rows), splits=()),
        "deduplication": {},
        "fingerprint": {},
        "band_parts": 0,
        "rules": {},
        "tables": tuple(tables),
        "inputs": (),
        "files": {},
    }
    return Manifest(**{**content, **changed}).sealed()


def _row(document: Made) -> Mapping[str, Any]:
    kept = document.outcome == "kept"
    name = (document.source, document.repository, document.path, document.revision)
    return {
        **dict(zip(("source", "repository", "path", "revision"), name, strict=True)),
        "language": document.language,
        "id": document_id(*name),
        "sha256": hashlib.sha256(document.text.encode()).digest(),
        "raw_sha256": hashlib.sha256(b"raw " + document.text.encode()).digest(),
        "outcome": document.outcome,
        "split": document.split if kept else None,
        "epochs": 1 if kept else None,
        "tokens": document.tokens if kept else None,
    }
