"""All that is known of one document: its rules, what it was dropped for, and where it is in the shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codemill.explain.placement import FORMS, Placement, placement
from pipelines.tables import read_table
from schemas.documents import split_key
from schemas.errors import CheckFailed
from schemas.manifest import Manifest
from schemas.names import document_name, printable
from storage.files import join

MOST_PIECES = 8
Document = dict[str, Any]
"""A row of a document table."""


def read_documents(
    snapshot: str, manifest: Manifest, rows: Sequence[NDArray[np.int64]], limit: int
) -> Iterator[Document]:
    """The first `limit` of some documents, read from the tables that hold them.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        rows: which rows of each table.
        limit: documents at most.
    """
    for name, chosen in zip(manifest.tables, rows, strict=True):
        if limit and len(chosen):
            first = chosen[:limit]
            yield from read_table(join(snapshot, name)).take(pa.array(first)).to_pylist()
            limit -= len(first)


def read_document(snapshot: str, manifest: Manifest, key: int) -> Document:
    """The document of a key."""
    block, row = split_key(key)
    found: Document = read_table(join(snapshot, manifest.tables[block])).slice(row, 1).to_pylist()[0]
    return found


def explain_document(snapshot: str, manifest: Manifest, document: Document) -> Iterator[str]:
    """Lines: what became of the document, each rule's value, the evidence, and the records that hold it."""
    yield f"{name_of(document)}: {document['outcome']}"
    yield (
        f"  language {document['language'] or 'unknown'}, license {document['license'] or 'unknown'}, "
        f"{document['bytes']} bytes, id {document['id'].hex()}, sha256 {document['sha256'].hex()}"
    )
    for bit, rule in enumerate(manifest.rules[document["source"]]):
        threshold = rule.threshold_for(document["language"])
        applies = rule.applies_to(document["language"])
        verdict = "fails" if document["hits"] >> bit & 1 else "holds" if applies else "does not apply"
        comparison = rule.comparison.replace("_", " ")
        value = document[rule.signal]
        if value != value:  # not a number: the signal could not be computed, which fails the rule
            yield f"  rule {rule.name}: {rule.signal} could not be computed: {verdict}"
        else:
            yield f"  rule {rule.name}: {rule.signal} = {value:.6g}, {comparison} {threshold:g}: {verdict}"
    yield from _evidence(document)
    if document["kept_key"] is not None:
        evidence = f"(jaccard {document['jaccard']:.4f}, containment {document['containment']:.4f})"
        yield f"  duplicate of {_survivor(snapshot, manifest, document)} {evidence}"
    if document["split"] is not None:
        for copy in range(document["epochs"]):
            yield from _placed(placement(snapshot, manifest, document, copy))
        if not document["epochs"]:
            yield "  in no shard: the weight of its subset passes it over"


def name_of(document: Document) -> str:
    """How a document is called: its source, repository and path."""
    return document_name(document["source"], document["repository"], document["path"])


def _survivor(snapshot: str, manifest: Manifest, document: Document) -> str:
    """The name of the document that another was dropped for, here or in an earlier snapshot."""
    block, _ = split_key(document["kept_key"])
    if block < len(manifest.tables):
        return name_of(read_document(snapshot, manifest, document["kept_key"]))
    block -= len(manifest.tables)
    for earlier in manifest.against:
        if block < earlier.tables:
            survivor = document["kept_id"].hex()
            return f"document {survivor} of the earlier snapshot {earlier.name!r}, digest {earlier.digest}"
        block -= earlier.tables
    raise CheckFailed(f"{name_of(document)}: names a survivor that does not exist", "run `codemill verify` on it")


def _evidence(document: Document) -> Iterator[str]:
    """What was replaced in the text, and which benchmark problems it shares words with."""
    kinds = Counter(found["kind"] for found in document["redacted"])
    if kinds:
        replaced = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items()))
        yield f"  replaced before anything else: {replaced}; sha256 as it was read {document['raw_sha256'].hex()}"
    for match in document["benchmark_matches"]:
        yield (
            f"  shares {match['words']} words in a row with benchmark problem {printable(match['problem'])}: "
            f"bytes {match['start']} to {match['end']}"
        )


def _placed(place: Placement) -> Iterator[str]:
    for piece in place.pieces[:MOST_PIECES]:
        records = ", ".join(map(str, piece.records[:8])) + (", ..." if len(piece.records) > 8 else "")
        part = f"{piece.tokens} tokens"
        if len(place.pieces) > 1:
            part = f"tokens {piece.first} to {piece.first + piece.tokens - 1}" if piece.tokens else "its separator"
        yield f"  {part} in {place.shard}, stream position {piece.start}, records {records}{FORMS[piece.form]}"
    if len(place.pieces) > MOST_PIECES:
        yield f"  ... and {len(place.pieces) - MOST_PIECES} more pieces in {place.shard}"
