"""Small folders of data, one of each kind, and what a config says when one of its options is put to use."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pygit2
from pygit2.enums import FileMode

from tests.corpus import prose_text, python_text

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OPTION = re.compile(r"^(?P<indent> *)#(?P<key>[a-z_]+): ")
MANY = 40


def pile_lines(count: int = MANY, subset: str | None = "Made") -> bytes:
    meta = {"pile_set_name": subset} if subset else {}
    return b"".join(json.dumps({"text": prose_text(i), "meta": meta}).encode() + b"\n" for i in range(count))


def rows(count: int = MANY, ending: str = "py") -> list[dict[str, Any]]:
    return [
        {"path": f"src/module_{i}.{ending}", "content": python_text(i), "repo_name": f"owner/{i % 3}", "license": "mit"}
        for i in range(count)
    ]


def write_pile(folder: Path, ending: str = ".jsonl", subset: str | None = "Made") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = pile_lines(subset=subset)
    packed = {".jsonl": content, ".jsonl.gz": gzip.compress(content, mtime=0), ".jsonl.zst": zstd.compress(content)}
    (folder / f"00{ending}").write_bytes(packed[ending])


def write_github(folder: Path, ending: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"export-000{ending}"
    if ending == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows()), path)
    elif ending == ".avro":
        fields = [{"name": name, "type": "string"} for name in rows()[0]]
        file = io.BytesIO()
        fastavro.writer(file, {"type": "record", "name": "row", "fields": fields}, rows())
        path.write_bytes(file.getvalue())
    else:
        lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows())
        path.write_bytes(gzip.compress(lines, mtime=0) if ending.endswith(".gz") else lines)


def write_repository(folder: Path, files: Mapping[str, bytes] | None = None, *, bare: bool = True) -> None:
    """A Git repository with one commit, or with none where `files` is empty."""
    repository = pygit2.init_repository(str(folder), bare=bare)
    if files is None:
        files = {f"lib/unit_{i}.py": python_text(4000 + i).encode() for i in range(MANY)}
    if files:
        index = pygit2.Index()
        for path, content in files.items():
            index.add(pygit2.IndexEntry(path, repository.create_blob(content), FileMode.BLOB))
        who = pygit2.Signature("a", "a@b.c", 0, 0)
        repository.create_commit("HEAD", who, who, "m", index.write_tree(repository), [])


def write_tree(folder: Path, *, prose: bool = False) -> None:
    """Python and Go in two folders, and prose if it is wanted."""
    for name, ending in (("first", "py"), ("second", "go")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(MANY):
            (folder / name / f"unit_{i}.{ending}").write_text(python_text(5000 + i + (ending == "go") * 500))
        if prose:
            for i in range(10):
                (folder / name / f"page_{i}.md").write_text(prose_text(i))


def options(text: str) -> Iterator[tuple[str, str]]:
    """(key, the config with this option in use and without what stood in its place) of each that is commented out."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = OPTION.match(line)
        if found is None:
            continue
        indent, key = found["indent"], found["key"]
        changed = [*lines[:number], line.replace("#", "", 1), *lines[number + 1 :]]
        rival = _rival(lines, number, indent, key)
        if rival is not None:
            del changed[rival]
        yield f"{number + 1}: {key}", "\n".join(changed) + "\n"


def _rival(lines: list[str], number: int, indent: str, key: str) -> int | None:
    """The line in use with the same key in the same mapping."""
    for step in (-1, 1):
        other = number + step
        while 0 <= other < len(lines):
            line = lines[other]
            if line.startswith(f"{indent}{key}:"):
                return other
            if line.strip() and not line.lstrip().startswith("#") and not line.startswith(indent):
                break
            # Another mapping at the same depth is behind a line that is less deep.
            if indent and line.strip() and len(line) - len(line.lstrip()) < len(indent):
                break
            other += step
    return None
