"""The first rows of a file: which kind of data it is, and what is in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from codemill.initial.kinds import Kind
from filtering.languages import language_of
from pipelines.sources.decompression import decompressed
from pipelines.sources.elements import FileRejected
from storage.errors import StorageError
from storage.files import open_input, open_stream

ROWS = 200
"""Rows or lines that are looked at."""
BYTES = 4 << 20
"""Bytes that are read of a file of lines, decompressed."""
_TEXT_FIRST = re.compile(rb'\s*\{\s*"text"\s*:\s*"')


@dataclass(frozen=True)
class Peek:
    """What the first rows of a file tell."""

    kind: Kind | None
    """None where no reader takes it."""
    why: str = ""
    """What it lacks, where there is no kind."""
    languages: Counter[str] = field(default_factory=Counter)
    """Bytes of text by language, of the rows that were looked at; for files of code."""
    subsets: tuple[str, ...] = ()
    """The Pile's names of sets that were met."""
    characters: frozenset[str] = frozenset()
    """The different characters that were met in texts of JSON Lines."""


def peek(uri: str, suffix: str) -> Peek:
    """Look into a file.

    Args:
        uri: which.
        suffix: its ending, one of DATA_SUFFIXES.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        if suffix == ".parquet":
            return _parquet(uri)
        return _avro(uri) if suffix == ".avro" else _lines(uri, suffix)
    except StorageError:
        raise
    except FileRejected as damage:
        return Peek(None, damage.detail)
    except Exception as error:  # decoders answer damage with whatever they run into
        return Peek(None, f"damaged: {(str(error).splitlines() or [type(error).__name__])[0][:120]}")


def _lines(uri: str, suffix: str) -> Peek:
    with open_stream(uri) as stream:
        content, whole = _first(decompressed(stream, suffix))
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not whole and len(lines) > 1:
        lines.pop()  # cut off
    objects = list(_objects(line for line in lines[:ROWS] if line.strip()))
    if not objects:
        if suffix.startswith(".jsonl") and _TEXT_FIRST.match(content):
            return Peek(Kind.PILE)
        return Peek(None, "no line of it is a JSON object" if content.strip() else "empty")
    github = [row for row in objects if isinstance(row.get("path"), str) and isinstance(row.get("content"), str)]
    if len(github) * 2 > len(objects):
        return Peek(Kind.JSON, languages=_languages((row["path"], row["content"]) for row in github))
    texts = [row for row in objects if isinstance(row.get("text"), str)]
    if len(texts) * 2 > len(objects) and suffix.startswith(".jsonl"):
        metas = (row.get("meta") for row in texts)
        names = {meta.get("pile_set_name") for meta in metas if isinstance(meta, dict)}
        subsets = tuple(sorted(name for name in names if isinstance(name, str) and name))
        return Peek(Kind.PILE, subsets=subsets, characters=frozenset().union(*(row["text"] for row in texts)))
    return Peek(None, f"keys {_few(objects[0])}: neither `text` nor `path` and `content`")


def _first(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """(the first BYTES of a stream, whether that is all)."""
    content = b""
    for piece in pieces:
        content += piece
        if len(content) >= BYTES:
            return content[:BYTES], False
    return content, True


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _parquet(uri: str) -> Peek:
    with open_input(uri) as stream:
        file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 16)
        names = file.schema_arrow.names
        if not {"path", "content"} <= set(names):
            return Peek(None, f"columns {_few(names)}: not `path` and `content`")
        batches = file.iter_batches(batch_size=ROWS, columns=["path", "content"], use_threads=False)
        first = next(batches, None)
        return Peek(Kind.PARQUET, languages=_languages(_rows(first)) if first is not None else Counter())


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[object, object]]:
    yield from zip(batch["path"].to_pylist(), batch["content"].to_pylist(), strict=True)


def _avro(uri: str) -> Peek:
    with open_stream(uri) as stream:
        records = fastavro.reader(stream)
        schema = records.writer_schema
        names = [column["name"] for column in schema.get("fields", [])] if isinstance(schema, dict) else []
        if not {"path", "content"} <= set(names):
            return Peek(None, f"columns {_few(names)}: not `path` and `content`")
        rows = [record for _, record in zip(range(ROWS), records, strict=False) if isinstance(record, dict)]
        return Peek(Kind.AVRO, languages=_languages((row["path"], row["content"]) for row in rows))


def _languages(rows: Iterable[tuple[object, object]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for path, content in rows:
        name = path.decode("utf-8", "replace") if isinstance(path, bytes) else path
        if isinstance(name, str) and isinstance(content, str | bytes):
            found[language_of(name)] += len(content)
    return found


def _few(names: Iterable[str]) -> str:
    """The first names, in quotes, so that none can do anything to a line."""
    listed = list(names)
    return ", ".join(json.dumps(name) for name in listed[:5]) + (", ..." if len(listed) > 5 else "")
