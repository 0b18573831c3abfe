"""From the hash of a text to the documents of that text, dropped ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from codemill.explain.document import Document, explain_document, read_documents
from codemill.explain.question import Content
from pipelines.tables import hash_bytes, read_table
from pipelines.workspace import read_many
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from storage.files import join

SHOWN_HASHES = 5


@dataclass(frozen=True)
class Holders:
    """The documents whose stored text, or text as it was read, has a hash."""

    rows: list[NDArray[np.int64]]
    """Of each table."""
    hashes: tuple[str, ...]
    """All that begin with what was asked for, in order."""

    def __len__(self) -> int:
        return sum(map(len, self.rows))


def find_content(snapshot: str, manifest: Manifest, digits: str) -> Holders:
    """Find the documents whose SHA-256 begins with some lower-case hex digits."""
    found = read_many(partial(_find, digits), [join(snapshot, name) for name in manifest.tables])
    hashes = {whole for _, some in found for whole in some}
    return Holders([rows for rows, _ in found], tuple(sorted(hashes)))


def explain_content(snapshot: str, manifest: Manifest, asked: Content, limit: int) -> Iterator[str]:
    """Lines for each document of that content.

    Raises:
        CodemillError: there is none, or the digits are the beginning of several hashes.
    """
    holders = find_content(snapshot, manifest, asked.digits)
    if not len(holders):
        raise CodemillError(
            f"{snapshot}: no document has a content whose SHA-256 begins with {asked.digits}",
            "give the SHA-256 of the text as it is stored or as it was read; of rejected files there is none",
        )
    if len(holders.hashes) > 1:
        several = ", ".join(holders.hashes[:SHOWN_HASHES]) + (", ..." if len(holders.hashes) > SHOWN_HASHES else "")
        raise CodemillError(
            f"{snapshot}: {len(holders.hashes)} contents begin with {asked.digits}", f"name one: {several}"
        )
    yield from explain_holders(snapshot, manifest, holders, limit)


def explain_holders(snapshot: str, manifest: Manifest, holders: Holders, limit: int) -> Iterator[str]:
    """Lines for the first documents of one content, and how many more there are."""
    for document in read_documents(snapshot, manifest, holders.rows, limit):
        yield from explain_document(snapshot, manifest, document)
        yield from _which(document, holders.hashes[0])
    if len(holders) > limit:
        yield f"... and {len(holders) - limit:,} more documents of this content; --limit shows more"


def _which(document: Document, digits: str) -> Iterator[str]:
    if document["sha256"].hex() != digits:
        yield f"  {digits} is its SHA-256 as it was read, before anything was replaced"


def _find(digits: str, path: str) -> tuple[NDArray[np.int64], set[str]]:
    table = read_table(path, ["sha256", "raw_sha256"])
    matches = [_begins(hash_bytes(table[name]), digits) for name in table.column_names]
    hashes = {
        bytes(hash_bytes(table[n])[row]).hex()
        for n, m in zip(table.column_names, matches, strict=True)
        for row in np.flatnonzero(m)
    }
    return np.flatnonzero(matches[0] | matches[1]), hashes


def _begins(hashes: NDArray[np.uint8], digits: str) -> NDArray[np.bool_]:
    """Which hashes, uint8 [n, 32], begin with some hex digits; bool [n]."""
    whole, half = divmod(len(digits), 2)
    found = np.ones(len(hashes), np.bool_)
    for place, byte in enumerate(bytes.fromhex(digits[: 2 * whole])):
        found &= hashes[:, place] == byte
        if not found.any():
            return found
    if half:
        found &= hashes[:, whole] >> 4 == int(digits[-1], 16)
    return found
