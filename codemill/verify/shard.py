"""Verify one shard: its bytes, its records, and that the records hold the documents that its provenance says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from codemill.explain.placement import provenance_name
from pipelines.snapshot.files import describe_file
from pipelines.tables import read_table
from schemas.errors import CheckFailed
from schemas.manifest import Manifest, Packing, Shard, Split
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from storage.files import exists, join
from tokenization.packing.records import Form, record_order


def check_shard(snapshot: str, manifest: Manifest, split: Split, shard: Shard) -> list[str]:
    """Everything that is wrong with a shard, in words."""
    path = join(snapshot, shard.name)
    if not exists(path):
        return [f"{shard.name}: missing"]
    problems = []
    found = describe_file(path)
    if found.sha256 != shard.sha256:
        problems.append(f"{shard.name}: SHA-256 is {found.sha256[:16]}..., the manifest says {shard.sha256[:16]}...")
    if found.bytes != shard.bytes:
        return [*problems, f"{shard.name}: {found.bytes} bytes, the manifest says {shard.bytes}"]
    layout = RecordLayout(manifest.context_length, manifest.id_bytes)
    try:
        records = ShardReader(path, layout, shard.records).read(np.arange(shard.records))
    except CheckFailed as error:
        return [*problems, error.message]
    if records.size and int(records.max()) >= manifest.tokenizer.size:
        problems.append(f"{shard.name}: id {int(records.max())} is outside the tokenizer's {manifest.tokenizer.size}")
    packed = np.empty_like(records)
    packed[record_order(manifest.seed, shard.name, len(records))] = records
    try:
        provenance = read_table(join(snapshot, provenance_name(shard.name)))
    except (OSError, pa.ArrowException):
        return problems  # its own check says why it cannot be read
    found_problems = (
        *_document_problems(provenance, shard),
        *_place_problems(packed, provenance, split.packing, shard),
    )
    return problems + [f"{shard.name}: {text}" for text in found_problems]


def _document_problems(provenance: pa.Table, shard: Shard) -> Iterator[str]:
    """Whether the pieces make up whole documents."""
    ids = np.frombuffer(b"".join(provenance["id"].to_pylist()), ">u8").reshape(-1, 2)
    copies, first, tokens = (provenance[name].to_numpy() for name in ("copy", "first", "tokens"))
    order = np.lexsort((tokens == 0, first, copies, ids[:, 1], ids[:, 0]))
    keys = np.c_[ids, copies.astype(np.uint64)][order]
    opens = np.ones(order.size, bool)
    opens[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    if int(opens.sum()) != shard.documents:
        yield f"{int(opens.sum())} documents in its provenance, the manifest says {shard.documents}"
    expected = np.where(opens, 0, np.roll(first[order] + tokens[order], 1))
    if not np.array_equal(first[order], expected):
        yield "the pieces of a document do not follow each other"
    if int(tokens.sum()) != shard.document_tokens:
        yield f"{int(tokens.sum())} tokens in its provenance, the manifest says {shard.document_tokens}"


def _place_problems(packed: np.ndarray, provenance: pa.Table, packing: Packing, shard: Shard) -> Iterator[str]:
    """Whether every place is a piece's, a separator, or a record's head as it must be."""
    length = packed.shape[1] - 1
    overlapping = packing.stride == length
    if overlapping and not np.array_equal(packed[:-1, length], packed[1:, 0]):
        yield "neighbouring records do not overlap by one id"
    places = np.append(packed[:, :length].ravel(), packed[-1:, length]) if overlapping else packed.ravel()
    start, ids, tokens, first, form = (
        provenance[name].to_numpy() for name in ("start", "ids", "tokens", "first", "form")
    )
    ends = start + ids
    if (start[1:] < ends[:-1]).any() or (start.size and (start[0] < 0 or ends[-1] > places.size)):
        yield "pieces overlap or lie outside its records"
        return
    edges = np.zeros(places.size + 1, np.int64)
    np.add.at(edges, start, 1)
    np.add.at(edges, ends, -1)
    inside = np.cumsum(edges[:-1]) > 0
    separator = places == packing.separator_id
    if (separator & inside).any():
        yield "a separator lies inside a document"
    heads = np.zeros(places.size, bool)
    if not overlapping:
        heads[:: packing.stride] = True
        if (inside & heads).any():
            yield "a piece lies at the head of a record"
        continued = np.zeros(places.size, bool)
        continued[start[first > 0] - 1] = True
        if (heads & ~separator & ~continued).any():
            yield "a record opens with an id that nothing goes on from"
    outside = ~inside & ~heads
    if not separator[outside].all():
        yield "an id belongs to no document"
    if int(outside.sum()) != shard.separators + shard.padding:
        yield f"{int(outside.sum())} separators, the manifest says {shard.separators} + {shard.padding} of padding"
    plain = form == Form.PLAIN
    if (ids[plain] != tokens[plain]).any() or int((ids - tokens).sum()) != shard.rewritten:
        yield f"rewriting added {int((ids - tokens).sum())} ids, the manifest says {shard.rewritten}"
