"""The plain files of a snapshot: copied, described, and nothing else left beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from pipelines.tables import read_table, write_table
from schemas.documents import REJECT_SCHEMA
from schemas.errors import CodemillError
from schemas.manifest import MANIFEST_NAME, PAGE_NAMES, File, Manifest, load_manifest
from storage.files import ExistingFile, delete, exists, join, open_stream, read_bytes, write_atomic, write_new
from storage.listing import list_files

CHUNK = 8 << 20
SNAPSHOT_DIRECTORIES = ("documents", "fingerprints", "provenance", "shards", "tokenizer")


def unpublish(output: str) -> None:
    """Take the manifest away before anything it lists may change, and then the pages that follow from it."""
    for name in (MANIFEST_NAME, *PAGE_NAMES):
        if exists(join(output, name)):
            delete(join(output, name))


def publish_manifest(output: str, manifest: Manifest) -> None:
    """Write the manifest where none is; of several builds into one directory, one publishes.

    Raises:
        CodemillError: another build has published something else since `unpublish`.
    """
    path = join(output, MANIFEST_NAME)
    try:
        write_new(path, manifest.to_bytes())
    except ExistingFile:
        other = load_manifest(output)
        raise CodemillError(
            f"{path}: another build published {other.name!r} there while this one ran (digest {other.digest[:16]}..., "
            f"this one's is {manifest.digest[:16]}...)",
            "give each build an --output of its own, and build both again: they have written over each other's files",
        ) from None


def copy_tokenizer(source: str, target: str) -> None:
    """Copy a directory's files."""
    for relative, _, _ in list_files(source):
        write_atomic(join(target, relative), read_bytes(join(source, relative)))


def write_rejects(parts: Iterable[str], path: str) -> None:
    """Join the units' reject tables, in order of source, file and place."""
    tables = [read_table(part) for part in parts]
    table = pa.concat_tables([REJECT_SCHEMA.empty_table(), *tables])
    order = [(name, "ascending") for name in ("stage", "source", "file", "place", "reason")]
    write_table(path, table.sort_by(order).combine_chunks())


def describe_file(path: str) -> File:
    """Size and SHA-256 of a file, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with open_stream(path) as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
            size += len(piece)
    return File(bytes=size, sha256=digest.hexdigest())


def describe_files(root: str, names: list[str], workers: int) -> dict[str, File]:
    """Describe files under `root`; hashing releases the interpreter lock, so threads help."""
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(describe_file, [join(root, name) for name in names])
    return dict(zip(names, found, strict=True))


def remove_strangers(root: str, known: set[str]) -> None:
    """Delete files in the snapshot's own directories that it does not list: left by a killed build or an old config."""
    for directory in SNAPSHOT_DIRECTORIES:
        for relative, _, _ in list_files(join(root, directory)):
            if f"{directory}/{relative}" not in known:
                delete(join(root, directory, relative))
