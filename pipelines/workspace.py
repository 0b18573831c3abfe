"""The work directory: one dataset per pass, named by what determines it, so that finished work is found again.

A dataset's name ends in the hash of (code, config part, input datasets). `done.json` in it says that the pass has
finished and holds its summary; single outputs carry their own markers, so that a killed pass goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas.manifest import canonical_json
from storage.files import exists, join, read_bytes, write_atomic

KEY_LENGTH = 16
READERS = 16
Value = TypeVar("Value")


def work_directory(output: str) -> str:
    """Where a snapshot's intermediate datasets are: beside it, so that the snapshot itself holds only results."""
    return output.rstrip("/") + ".work"


def key_of(*parts: Any) -> str:
    """A short hash of JSON-able parts."""
    return hashlib.sha256(canonical_json(list(parts))).hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True)
class Dataset:
    """The output directory of one pass."""

    directory: str

    def path(self, *parts: str) -> str:
        """A path inside."""
        return join(self.directory, *parts)

    def summary(self) -> dict[str, Any] | None:
        """The finished pass's summary, or None when it has not finished."""
        summary: dict[str, Any] | None = read_json(self.path("done.json"))
        return summary

    def finish(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Mark the pass as finished; `summary` comes back as the next run will read it."""
        write_json(self.path("done.json"), summary)
        reread = self.summary()
        assert reread is not None
        return reread


@dataclass(frozen=True)
class Workspace:
    """The work directory of a snapshot."""

    root: str

    def dataset(self, name: str, *parts: Any) -> Dataset:
        """The dataset of pass `name` that `parts` (code, config part, inputs) determine."""
        return Dataset(join(self.root, f"{name}-{key_of(name, *parts)}"))


def read_json(path: str) -> Any:
    """A JSON file's value, or None when there is no such file."""
    return json.loads(read_bytes(path)) if exists(path) else None


def read_many(read: Callable[[str], Value], paths: Iterable[str]) -> list[Value]:
    """What `read` gives of each file, in the order of the paths; side by side, for on gs:// each takes a round trip."""
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(read, paths))


def write_json(path: str, value: Any) -> None:
    """Write a value as canonical JSON, atomically."""
    write_atomic(path, canonical_json(value))
