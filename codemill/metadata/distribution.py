"""The files of a snapshot as Croissant names them.

Every file is a FileObject with its size and SHA-256, up to `LISTED` of them. Beyond it document tables, fingerprints,
provenance and shards are FileSets alone, and their sums are in the manifest, which always is a FileObject. FileSets are
there in any case: they are what records are read from.
"""

from __future__ import annotations

import glob
from typing import Any
from urllib.parse import quote

from codemill.metadata.words import count, names, size
from schemas.manifest import ATTRIBUTION_NAME, MANIFEST_NAME, File, Manifest
from schemas.names import printable

LISTED = 1000
"""Files that are listed one by one: half a megabyte, which mlcroissant opens in about two seconds."""
DOCUMENTS = "document-tables"
_MANY = ("documents/", "fingerprints/", "provenance/", "shards/")
_FORMATS = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/x-parquet",  # the name that Croissant's readers know, not the registered one
    "tfrecord": "application/x-tfrecord",  # no name is registered; this is the one in use
    "txt": "text/plain",
}


def files_of(manifest: Manifest) -> dict[str, File]:
    """Every file that the manifest lists, by its name in the snapshot, in the order of names."""
    shards = {
        shard.name: File(bytes=shard.bytes, sha256=shard.sha256)
        for stage in manifest.stages.values()
        for split in stage.splits.values()
        for shard in split.shards
    }
    return dict(sorted({**manifest.files, **shards}.items()))


def distribution(manifest: Manifest, own: dict[str, File], listed: int = LISTED) -> list[dict[str, Any]]:
    """The `distribution` of a snapshot.

    Args:
        manifest: its manifest.
        own: size and sum of the manifest and of `attribution.csv` by their names.
        listed: the largest number of files that are listed one by one.
    """
    files = files_of(manifest)
    if len(files) > listed:
        files = {name: file for name, file in files.items() if not name.startswith(_MANY)}
    described = {MANIFEST_NAME: "Table of contents: every file with its SHA-256, the config, the ledger, the digest."}
    described[ATTRIBUTION_NAME] = "Kept documents by stage, source, repository and licence."
    objects = [_file_object(name, file, described.get(name)) for name, file in {**own, **files}.items()]
    return [*objects, *_file_sets(manifest)]


def identity(*parts: str) -> str:
    """An @id: it is read as the end of a URL, and must hold no spaces."""
    return "/".join(quote(part, safe="/") for part in parts)


def _format(name: str) -> str:
    return _FORMATS.get(name.rpartition(".")[2], "application/octet-stream")


def _file_object(name: str, file: File, description: str | None) -> dict[str, Any]:
    found = {
        "@type": "cr:FileObject",
        "@id": identity(name),
        "name": printable(name),
        "description": description,
        "contentUrl": name,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": _format(name),
        "sha256": file.sha256,
    }
    return {key: value for key, value in found.items() if value is not None}


def _file_set(name: str, description: str, pattern: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": description,
        "encodingFormat": _format(pattern),
        "includes": pattern,
    }


def _file_sets(manifest: Manifest) -> list[dict[str, Any]]:
    sets = []
    if manifest.tables:
        sets.append(_file_set(DOCUMENTS, "One row per harvested document; no text.", "documents/*.parquet"))
    if any(name.startswith("fingerprints/") for name in manifest.files):
        sets.append(
            _file_set("fingerprints", "Sketches, texts of kept documents, band keys.", "fingerprints/*.parquet")
        )
    if any(name.startswith("provenance/") for name in manifest.files):
        sets.append(_file_set("provenance", "Which document is where in a shard.", "provenance/*.parquet"))
    for stage, entry in manifest.stages.items():
        for split, content in entry.splits.items():
            if not content.shards:
                continue
            total = sum(shard.bytes for shard in content.shards)
            folder = content.shards[0].name.rpartition("/")[0]
            sets.append(
                _file_set(
                    identity("split", stage, split),
                    f"Split {names([split])} of stage {names([stage])}: {count(content.records, 'records')} in "
                    f"{count(len(content.shards), 'shards')}, {size(total)}. A record is a tf.train.Example with one "
                    f"feature, text: int64 [{manifest.context_length + 1}].",
                    f"{glob.escape(folder)}/{glob.escape(split)}-*.tfrecord",
                )
            )
    return sets
