"""Near: the documents of a snapshot that are most like a given text, with verified similarity."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from buffers.texts import Texts
from codemill.rows import read_rows
from dedup.bands import band_keys
from dedup.identity import FINGERPRINT
from dedup.shingles import shingle_sets
from dedup.sketch import sketch
from dedup.verify import verify
from pipelines.snapshot.fingerprints import look_up, read_texts
from pipelines.tables import read_table
from schemas.documents import HASH_TYPE, document_key
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from schemas.names import document_name
from schemas.reasons import Outcome
from storage.files import join

MOST_COMPARED = 256
"""Candidates whose texts are read: those that share most bands."""


@dataclass(frozen=True)
class Neighbour:
    """A document like the text.

    Attributes:
        name: source, repository and path.
        id: its public id.
        jaccard: of the two sets of shingles; 1 for equal content.
        of_text: the share of the text's shingles that are in the document.
        of_document: the share of the document's shingles that are in the text.
    """

    name: str
    id: bytes
    jaccard: float
    of_text: float
    of_document: float


@dataclass(frozen=True)
class Answer:
    """What was found: the best first, out of `candidates` documents that share a band, `compared` of them in full."""

    neighbours: tuple[Neighbour, ...]
    candidates: int
    compared: int


def near(snapshot: str, manifest: Manifest, text: bytes, limit: int) -> Answer:
    """Find the kept documents nearest to a text.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        text: of any length; with fewer than 5 tokens only equal documents are found.
        limit: neighbours at most.

    Raises:
        CodemillError: the snapshot has no index, or one of another kind.
    """
    if not manifest.band_parts:
        raise CodemillError(
            f"{snapshot}: near-duplicates were not searched for, so there is no index to look in",
            "build it with `dedup.near` set",
        )
    if manifest.fingerprint != FINGERPRINT:
        raise CodemillError(f"{snapshot}: its index is of another kind", "build it again with this codemill")
    texts = Texts.from_list([text])
    signatures, counts = sketch(texts)
    if not counts[0]:
        return _equal(snapshot, manifest, text, limit)
    settings = manifest.config["dedup"]["near"]
    bands = band_keys(signatures, settings["bands"], settings["rows"])[0]
    keys, shared = np.unique(look_up(snapshot, manifest.band_parts, bands), return_counts=True)
    chosen = keys[np.lexsort((keys, -shared))[:MOST_COMPARED]]
    found, documents = read_texts(snapshot, chosen.tolist())
    own, own_end = shingle_sets(texts)
    others, ends = shingle_sets(documents)
    values, offsets = np.r_[others, own], np.r_[ends, ends[-1] + own_end[1:]]
    theirs, ours = np.arange(len(found)), np.full(len(found), len(found))
    jaccard, of_text = verify(values, offsets, theirs, ours)
    _, of_document = verify(values, offsets, ours, theirs)
    best = np.lexsort((np.array(found, np.uint64), -of_text, -jaccard))[:limit]
    names = _names(snapshot, manifest, [found[i] for i in best])
    neighbours = [
        Neighbour(*names[found[i]], float(jaccard[i]), float(of_text[i]), float(of_document[i])) for i in best
    ]
    return Answer(tuple(neighbours), len(keys), len(found))


def _equal(snapshot: str, manifest: Manifest, text: bytes, limit: int) -> Answer:
    """Documents of equal content: all that can be said of a text without shingles."""
    wanted = pa.scalar(hashlib.sha256(text).digest(), HASH_TYPE)
    found = []
    for block, name in enumerate(manifest.tables):
        table = read_table(join(snapshot, name), ["sha256", "outcome"])
        same = pc.and_(pc.equal(table["sha256"], wanted), pc.equal(table["outcome"], Outcome.KEPT.value))
        found += [document_key(block, row) for row in np.flatnonzero(same.to_numpy()).tolist()]
    names = _names(snapshot, manifest, found[:limit])
    return Answer(tuple(Neighbour(*names[key], 1.0, 1.0, 1.0) for key in found[:limit]), len(found), len(found))


def _names(snapshot: str, manifest: Manifest, keys: list[int]) -> dict[int, tuple[str, bytes]]:
    """The name and id of each document."""
    rows = read_rows(snapshot, manifest, keys, ["source", "repository", "path", "id"])
    return {key: (document_name(row["source"], row["repository"], row["path"]), row["id"]) for key, row in rows.items()}
