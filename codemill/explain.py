"""Explain: from a path to every decision made about it, and from a token back to its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.shard_plan import PlannedSplit
from pipelines.tables import read_table
from schemas.documents import ID_TYPE, split_key
from schemas.errors import CheckFailed, CodemillError
from schemas.keyed_hash import copy_ids
from schemas.manifest import Manifest, Split, load_manifest
from schemas.names import document_name, printable
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from storage.files import join
from tokenization.load import load_tokenizer
from tokenization.packing import locate, record_order, stream_position

TOKEN = re.compile(r"^(?P<shard>shards/.+\.tfrecord):(?P<record>\d+):(?P<token>\d+)$")
ID = re.compile(r"^[0-9a-f]{32}$")
CONTEXT_TOKENS = 16
"""Ids shown on each side of a token."""
MOST_MATCHES = 20


@dataclass(frozen=True)
class Placement:
    """Where a document's tokens are: `records` counts in the file, the first and last record may be shared."""

    shard: str
    start: int
    tokens: int
    records: tuple[int, ...]


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
            place = placement(snapshot, manifest, document, copy)
            records = ", ".join(map(str, place.records[:8])) + (", ..." if len(place.records) > 8 else "")
            yield f"  {place.tokens} tokens in {place.shard}, stream position {place.start}, records {records}"
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


def placement(snapshot: str, manifest: Manifest, document: dict[str, Any], copy: int) -> Placement:
    """Find a kept document's tokens; the shard of each copy follows from the document's id."""
    stage = next(row.stage for row in manifest.ledger.sources if row.source == document["source"])
    split = manifest.stages[stage].splits[document["split"]]
    planned = PlannedSplit(stage, document["split"], len(split.shards), 0, split.feeds_hosts)
    ids = np.frombuffer(document["id"], np.uint8).reshape(1, -1)
    index = int(planned.shard_of(manifest.seed, copy_ids(ids, np.array([copy])))[0])
    table = read_table(join(snapshot, planned.provenance_name(index)))
    same = pc.and_(pc.equal(table["id"], document["id"]), pc.equal(table["copy"], copy))
    row = table.filter(same).to_pylist()[0]
    shard = split.shards[index]
    in_file = np.argsort(record_order(manifest.seed, shard.name, shard.records))
    ranges = locate(row["start"], row["tokens"], manifest.context_length)
    records = tuple(int(in_file[found.record]) for found in ranges)
    return Placement(shard.name, row["start"], row["tokens"], records)


def _find_shard(manifest: Manifest, name: str) -> tuple[Split, int]:
    for stage in manifest.stages.values():
        for split in stage.splits.values():
            for index, shard in enumerate(split.shards):
                if shard.name == name:
                    return split, index
    raise CodemillError(f"{name}: no such shard in the manifest", "see `codemill report SNAPSHOT` for the names")


def _explain_token(snapshot: str, manifest: Manifest, name: str, record: int, token: int) -> Iterator[str]:
    split, index = _find_shard(manifest, name)
    shard = split.shards[index]
    if record >= shard.records or token > manifest.context_length:
        raise CodemillError(
            f"{name}:{record}:{token}: outside its {shard.records} records of {manifest.context_length + 1} ids",
            "both count from 0",
        )
    stream_record = int(record_order(manifest.seed, name, shard.records)[record])
    position = stream_position(stream_record, token, manifest.context_length)
    tokenizer = load_tokenizer(join(snapshot, "tokenizer"))
    layout = RecordLayout(manifest.context_length, manifest.id_bytes)
    ids = ShardReader(join(snapshot, name), layout, shard.records).read(np.array([record]))[0]
    before = tokenizer.decode(ids[max(0, token - CONTEXT_TOKENS) : token])
    this = tokenizer.decode(ids[token : token + 1])
    after = tokenizer.decode(ids[token + 1 : token + 1 + CONTEXT_TOKENS])
    yield f"{name}:{record}:{token}: id {int(ids[token])} {_shown(this)}, stream position {position}"
    yield f"  between {_shown(before)} and {_shown(after)}"
    provenance = read_table(join(snapshot, name.replace("shards/", "provenance/").replace(".tfrecord", ".parquet")))
    starts = provenance["start"].to_numpy()
    row = int(np.searchsorted(starts, position, side="right")) - 1
    within = position - int(starts[row])
    length = int(provenance["tokens"][row].as_py())
    if position >= shard.stream_tokens:
        yield f"  padding at the end of the shard's stream of {shard.stream_tokens} tokens"
        return
    what = f"token {within} of {length}" if within < length else "the separator after"
    block, table_row = split_key(int(provenance["key"][row].as_py()))
    document = read_table(join(snapshot, manifest.tables[block])).slice(table_row, 1).to_pylist()[0]
    yield f"  {what} of:"
    yield from _explain_document(snapshot, manifest, document)


def _name(document: dict[str, Any]) -> str:
    return document_name(document["source"], document["repository"], document["path"])


def _shown(raw: bytes) -> str:
    return repr(raw.decode("utf-8", "replace"))
