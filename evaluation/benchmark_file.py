"""A benchmark's problems: the public file, wherever it lies, or another one that is named as such."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from typing import Any, NamedTuple

from schemas.errors import CodemillError
from storage.pinned import is_web, read_pinned
from storage.uris import without_secrets


class PublicFile(NamedTuple):
    """What a benchmark's authors published."""

    benchmark: str
    url: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.url.rpartition("/")[2]


class BenchmarkFile(NamedTuple):
    """A file of problems, read."""

    shown: str
    """What it is, for people: with its hash when it is not the public file."""
    sha256: str
    rows: list[dict[str, Any]]


def read_benchmark(public: PublicFile, place: str | None) -> BenchmarkFile:
    """Read the problems of a benchmark.

    Args:
        public: its public file.
        place: a path, gs:// or https://; None for the public address. An address, and a path that ends in the public
            file's name, must hold the public file. A path of another name may hold anything.

    Raises:
        StorageError: it cannot be read, or is not the public file where it must be.
        CodemillError: it is no JSON lines.
    """
    place = place or public.url
    shown = without_secrets(place)
    must = is_web(place) or place.rpartition("/")[2] == public.name
    content = read_pinned(place, public.sha256 if must else None)
    found = hashlib.sha256(content).hexdigest()
    said = f"{public.benchmark}, the public file" if found == public.sha256 else f"{shown}, sha256 {found}"
    return BenchmarkFile(said, found, _rows(shown, content))


def field(row: dict[str, Any], name: str, kind: type, where: str) -> Any:
    """A field of a problem that must be there.

    Raises:
        CodemillError: it is missing or of another type.
    """
    if not isinstance(row.get(name), kind):
        raise CodemillError(
            f"{where}: has no {name!r} of type {kind.__name__}", "see docs/evaluation.md for the format"
        )
    return row[name]


def parse_lines(shown: str, content: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines; raises CodemillError with the line's number."""
    rows = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise CodemillError(f"{shown}, line {number}: is no JSON object", "give one object a line")
        rows.append(row)
    return rows


def _rows(shown: str, content: bytes) -> list[dict[str, Any]]:
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise CodemillError(f"{shown}: is damaged gzip", "get the file again") from None
    rows = parse_lines(shown, content)
    if not rows:
        raise CodemillError(f"{shown}: holds no problems", "name a file with one problem a line")
    return rows
