"""The unit: the piece of input that one worker reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

READER_VERSION = 1
"""Part of every identity: raise it when a reader yields other documents, rejects or blocks for the same input."""


class InputFile(NamedTuple):
    """One input file as it was when the build was planned."""

    uri: str
    relative: str
    """Its name from the path pattern's fixed folders on: where the corpus lies is not part of it."""
    size: int
    version: str


@dataclass(frozen=True, slots=True)
class Unit:
    """Files, and which part of them.

    `start` and `end` are bytes of a .jsonl, (which stripes, of how many) of a large compressed one, row groups of a
    Parquet file, documents among the files.
    """

    source: str
    kind: str
    ordinal: int
    """Place in the source's plan, from 0."""
    files: tuple[InputFile, ...]
    start: int
    end: int

    def identity(self) -> str:
        """32 hex digits that name this unit's input and its reader.

        They do not change with the place of the corpus, nor with files beside the unit's own: the ordinal stays out.
        """
        content = [
            READER_VERSION,
            self.source,
            self.kind,
            [[file.relative, file.size, file.version] for file in self.files],
            self.start,
            self.end,
        ]
        canonical = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
        return hashlib.blake2b(canonical.encode(), digest_size=16, person=b"codemill unit").hexdigest()

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Unit:
        """The unit that `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        files = tuple(InputFile(*file) for file in fields.pop("files"))
        return cls(files=files, **fields)
