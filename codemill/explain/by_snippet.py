"""From a piece of text to the documents that hold it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from codemill.explain.by_content import explain_holders, find_content
from codemill.explain.document import explain_document, read_documents
from codemill.explain.texts import Found, Search, find_texts, search_texts
from codemill.near import near
from pipelines.workspace import work_directory
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from schemas.reasons import Outcome

LEAST_BYTES = 16
NEAREST = 5


def explain_snippet(snapshot: str, manifest: Manifest, text: bytes, limit: int) -> Iterator[str]:
    """Lines: documents that are this text, documents that hold it, else those nearest to it; and what was searched.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        text: white space at its ends does not count.
        limit: documents shown of each kind.

    Raises:
        CodemillError: the text is too short to tell anything.
    """
    snippet = text.strip()
    if len(snippet) < LEAST_BYTES:
        raise CodemillError(
            f"the snippet has {len(snippet)} bytes without the white space at its ends",
            f"give at least {LEAST_BYTES}; a whole file of fewer is found by its hash: sha256:...",
        )
    whole = find_content(snapshot, manifest, hashlib.sha256(text).hexdigest())
    if len(whole):
        yield f"whole text of {len(whole):,} document{'s' if len(whole) > 1 else ''}:"
        yield from explain_holders(snapshot, manifest, whole, limit)
    blocks, fingerprints = find_texts(snapshot, manifest, work_directory(snapshot))
    search = search_texts(blocks, fingerprints, snippet)
    parts = [found for found in search.found if not np.isin(found.row, whole.rows[found.block])]
    if parts:
        yield f"part of {len(parts):,} {'other ' if len(whole) else ''}document{'s' if len(parts) > 1 else ''}:"
        yield from _explain_parts(snapshot, manifest, parts, limit)
    if not len(whole) and not parts:
        yield "no text that was searched holds it"
        yield from _explain_nearest(snapshot, manifest, snippet)
    yield _searched(manifest, search)


def _explain_parts(snapshot: str, manifest: Manifest, parts: list[Found], limit: int) -> Iterator[str]:
    rows = [np.array([f.row for f in parts if f.block == block], np.int64) for block in range(len(manifest.tables))]
    for found, document in zip(parts, read_documents(snapshot, manifest, rows, limit), strict=False):
        yield f"line {found.line}, byte {found.byte} of:"
        yield from explain_document(snapshot, manifest, document)
    if len(parts) > limit:
        yield f"... and {len(parts) - limit:,} more; give a longer snippet, or --limit, to see one of them"


def _explain_nearest(snapshot: str, manifest: Manifest, snippet: bytes) -> Iterator[str]:
    if not manifest.band_parts:
        return
    try:
        neighbours = near(snapshot, manifest, snippet, NEAREST).neighbours
    except CodemillError as error:  # the index of another codemill: what was searched is still worth telling
        yield f"which documents are near to it cannot be told: {error.message}"
        return
    if not neighbours:
        yield "no kept document is like it either (as a whole: a short snippet is not like a long document)"
        return
    yield "the kept documents nearest to it:"
    for found in neighbours:
        yield f"  jaccard {found.jaccard:.4f}, {found.of_text:.1%} of the snippet: {found.name}, id {found.id.hex()}"


def _searched(manifest: Manifest, search: Search) -> str:
    """What "not found" means."""
    documents = sum(
        amount.documents
        for row in manifest.ledger.sources
        for name, amount in row.outcomes.items()
        if not name.startswith((Outcome.NOT_SELECTED, Outcome.REJECTED))
    )
    kept = sum(row.outcomes[Outcome.KEPT].documents for row in manifest.ledger.sources if Outcome.KEPT in row.outcomes)
    hashes = f"searched: the hashes of all {documents:,} documents"
    if search.blocks == len(manifest.tables):
        return f"{hashes}, and the texts of all of them, dropped ones too"
    if not search.texts:
        return f"{hashes}, and no texts: the snapshot holds none, and its work directory is gone"
    if search.blocks:
        return f"{hashes}, and {search.texts:,} texts: some blocks of the work directory are gone"
    return (
        f"{hashes}, and the texts of {search.texts:,} of {kept:,} kept ones. Those of dropped documents, and of kept "
        "ones too short to be searched for near-duplicates, are in the work directory alone, which is gone"
    )
