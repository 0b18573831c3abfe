"""Texts of a few documents, by their keys: out of the snapshot, and of its work directory while that is there.

A snapshot holds the texts of kept documents, where near-duplicates were searched for. Dropped ones are only in the
blocks that the harvest wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from codemill.work_blocks import find_blocks
from pipelines.snapshot.fingerprints import texts_at
from schemas.documents import fingerprints_name, split_key
from schemas.manifest import Manifest
from storage.files import exists, join


def read_texts(snapshot: str, manifest: Manifest, work: str | None, keys: Iterable[int]) -> dict[int, bytes]:
    """Texts of documents by key; those that are nowhere to be had are left out.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        work: the build's work directory, None where it is gone.
        keys: of documents of this snapshot.
    """
    wanted = sorted(set(keys))
    found: dict[int, bytes] = {}
    for block, members in groupby(wanted, key=lambda key: split_key(key)[0]):
        path = join(snapshot, fingerprints_name(block))
        if fingerprints_name(block) in manifest.files and exists(path):
            found.update(_texts_of(path, list(members)))
    missing = [key for key in wanted if key not in found]
    if missing and work is not None:
        tables = sorted({split_key(key)[0] for key in missing})
        for block, path in find_blocks(snapshot, manifest, work, tables).items():
            found.update(_texts_of(path, [key for key in missing if split_key(key)[0] == block]))
    return found


def _texts_of(path: str, keys: list[int]) -> dict[int, bytes]:
    """Texts at the rows of ascending keys; those that the file does not hold are left out."""
    texts = texts_at(path, [split_key(key)[1] for key in keys])
    return {key: text for key, text in zip(keys, texts, strict=True) if text is not None}
