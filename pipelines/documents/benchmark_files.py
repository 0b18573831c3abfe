"""Benchmark problems from files: the index of a build's `decontaminate`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from filtering.benchmarks import BenchmarkIndex, Problem, build_index
from pipelines.sources.decompression import decompressed
from pipelines.sources.elements import FileRejected
from pipelines.sources.inputs import find_inputs
from schemas.errors import CodemillError
from storage.files import open_stream

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
NAME_KEYS = ("task_id", "id", "name")
"""Which field names a problem; else the file and line do."""


def benchmarks_digest(paths: tuple[str, ...]) -> str:
    """SHA-256 over the names and contents of the problem files.

    Raises:
        CodemillError: a path matches nothing, or a file cannot be read.
    """
    digest = hashlib.sha256()
    for name, content in _files(paths):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@lru_cache(maxsize=2)
def benchmark_index(paths: tuple[str, ...], digest: str) -> BenchmarkIndex:
    """The index of the problems in files.

    Args:
        paths: JSON lines, plain or compressed, with globs.
        digest: what `benchmarks_digest` said when the build was planned.

    Raises:
        CodemillError: a line is no JSON, or the files have changed.
    """
    if benchmarks_digest(paths) != digest:
        raise CodemillError(f"{', '.join(paths)}: changed while the build was running", "run the build again")
    return build_index([problem for name, content in _files(paths) for problem in _problems(name, content)])


def _files(paths: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The decompressed content of each file with its name."""
    for uri, entry in find_inputs(paths, SUFFIXES):
        try:
            with open_stream(uri) as stream:
                yield entry[0], b"".join(decompressed(stream, entry[0]))
        except FileRejected as rejected:
            raise CodemillError(f"{uri}: {rejected.detail}", "get the file again") from None


def _problems(name: str, content: bytes) -> Iterator[Problem]:
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise CodemillError(f"{name}, line {number}: is no JSON", "give one problem a line") from None
        named = value if isinstance(value, dict) else {}
        label = next((str(named[key]) for key in NAME_KEYS if key in named), f"line {number}")
        if "/" not in label:
            label = f"{name.rpartition('/')[2].partition('.')[0]}/{label}"
        yield Problem(label, tuple(_strings(value)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
