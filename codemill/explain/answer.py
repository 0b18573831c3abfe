"""Explain: from a path to every decision made about it, and from a token back to its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codemill.explain.placement import FORMS, Placement, find_shard, owner_of, placement
from pipelines.tables import read_table
from schemas.documents import ID_TYPE, split_key
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import Manifest, load_manifest
from schemas.names import document_name, printable
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from storage.files import join
from tokenization.load import load_tokenizer
from tokenization.packing.records import Form, record_order

TOKEN = re.compile(r"^(?P<shard>shards/.+\.tfrecord):(?P<record>\d+):(?P<token>\d+)$")
ID = re.compile(r"^[0-9a-f]{32}$")
CONTEXT_TOKENS = 16
"""Ids shown on each side of a token."""
MOST_MATCHES = 20
MOST_PIECES = 8


def explain(snapshot: str, what: str) -> Iterator[str]:
    """Lines of text that answer for a path, a rejected file or `shard:record:token`.

    Raises:
        CodemillError: nothing in the snapshot answers to `what`.
    """
    manifest = load_manifest(snapshot)
    if token := TOKEN.match(what):
        yield from _explain_token(snapshot, manifest, token["shard"], int(token["record"]), int(token["token"]))
        return
    found = list(_documents(snapshot, manifest, what))
    rejected = list(_rejects(snapshot, what))
    if not found and not rejected:
        raise CodemillError(
            f"{snapshot}: no document or rejected file is called {what!r}",
            "give a path as the sources name it, its end from some directory on, or shards/...tfrecord:record:token",
        )
    for document in found[:MOST_MATCHES]:
        yield from _explain_document(snapshot, manifest, document)
    for row in rejected[:MOST_MATCHES]:
        place = f" at {row['place']}" if row["place"] else ""
        yield f"{row['source']}: {printable(row['file'])}{place}: rejected, {row['reason']} ({row['bytes']} bytes)"
        yield f"  {printable(row['detail'])}"
    if len(found) + len(rejected) > MOST_MATCHES:
        yield f"... and {len(found) + len(rejected) - MOST_MATCHES} more; give a longer path to see one of them"


def _documents(snapshot: str, manifest: Manifest, what: str) -> Iterator[dict[str, Any]]:
    """Rows whose id is `what`, or whose path or repository/path is `what` or ends in "/" + `what`."""
    wanted = pa.scalar(bytes.fromhex(what), ID_TYPE) if ID.match(what) else None
    for block, name in enumerate(manifest.tables):
        if wanted is not None:
            matches = pc.equal(read_table(join(snapshot, name), ["id"])["id"], wanted)
        else:
            names = read_table(join(snapshot, name), ["repository", "path"])
            full = pc.binary_join_element_wise(names["repository"], names["path"], "/")
            full = pc.binary_join_element_wise(pa.array([""] * len(names), pa.string()), full, "/")
            matches = pc.ends_with(full, "/" + what.lstrip("/"))
        rows = np.flatnonzero(matches.to_numpy(zero_copy_only=False))
        if len(rows):
            table = read_table(join(snapshot, name)).take(pa.array(rows))
            yield from ({**row, "block": block} for row in table.to_pylist())


def _rejects(snapshot: str, what: str) -> Iterator[dict[str, Any]]:
    for row in read_table(join(snapshot, "rejects.parquet")).to_pylist():
        if ("/" + row["file"]).endswith("/" + what.lstrip("/")):
            yield row


def _explain_document(snapshot: str, manifest: Manifest, document: dict[str, Any]) -> Iterator[str]:
    yield f"{_name(document)}: {document['outcome']}"
    yield (
        f"  language {document['language'] or 'unknown'}, license {document['license'] or 'unknown'}, "
        f"{document['bytes']} bytes, id {document['id'].hex()}, sha256 {document['sha256'].hex()}"
    )
    for bit, rule in enumerate(manifest.rules[document["source"]]):
        threshold = rule.thresholds.get(document["language"], rule.threshold)
        applies = rule.languages is None or document["language"] in rule.languages
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


def _survivor(snapshot: str, manifest: Manifest, document: dict[str, Any]) -> str:
    """The name of the document that another was dropped for, here or in an earlier snapshot."""
    block, row = split_key(document["kept_key"])
    if block < len(manifest.tables):
        return _name(read_table(join(snapshot, manifest.tables[block])).slice(row, 1).to_pylist()[0])
    block -= len(manifest.tables)
    for earlier in manifest.against:
        if block < earlier.tables:
            survivor = document["kept_id"].hex()
            return f"document {survivor} of the earlier snapshot {earlier.name!r}, digest {earlier.digest}"
        block -= earlier.tables
    raise CheckFailed(f"{_name(document)}: names a survivor that does not exist", "run `codemill verify` on it")


def _evidence(document: dict[str, Any]) -> Iterator[str]:
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


def _explain_token(snapshot: str, manifest: Manifest, name: str, record: int, token: int) -> Iterator[str]:
    split, shard = find_shard(manifest, name)
    if record >= shard.records or token > manifest.context_length:
        raise CodemillError(
            f"{name}:{record}:{token}: outside its {shard.records} records of {manifest.context_length + 1} ids",
            "both count from 0",
        )
    packed = int(record_order(manifest.seed, name, shard.records)[record])
    place = packed * split.packing.stride + token
    tokenizer = load_tokenizer(join(snapshot, "tokenizer"))
    layout = RecordLayout(manifest.context_length, manifest.id_bytes)
    ids = ShardReader(join(snapshot, name), layout, shard.records).read(np.array([record]))[0]
    before = tokenizer.decode(ids[max(0, token - CONTEXT_TOKENS) : token])
    this = tokenizer.decode(ids[token : token + 1])
    after = tokenizer.decode(ids[token + 1 : token + 1 + CONTEXT_TOKENS])
    yield f"{name}:{record}:{token}: id {int(ids[token])} {_shown(this)}, stream position {place}"
    yield f"  between {_shown(before)} and {_shown(after)}"
    if token == 0 and split.packing.stride > manifest.context_length:
        yield "  it opens the record and is not predicted"
        return
    owner = owner_of(snapshot, shard, place)
    separator = int(ids[token]) == manifest.tokenizer.separator_id
    if owner is None or (separator and owner.within > owner.row["ids"]):
        yield "  padding"
        return
    row = owner.row
    if separator:
        what = "the separator after"
    elif row["form"] == Form.PLAIN:
        what = f"token {row['first'] + owner.within} of"
    else:
        last = row["first"] + row["tokens"] - 1
        what = f"id {owner.within} of {row['ids']} for tokens {row['first']} to {last}{FORMS[Form(row['form'])]}, of"
    block, table_row = split_key(int(row["key"]))
    document = read_table(join(snapshot, manifest.tables[block])).slice(table_row, 1).to_pylist()[0]
    yield f"  {what}:"
    yield from _explain_document(snapshot, manifest, document)


def _name(document: dict[str, Any]) -> str:
    return document_name(document["source"], document["repository"], document["path"])


def _shown(raw: bytes) -> str:
    return repr(raw.decode("utf-8", "replace"))
