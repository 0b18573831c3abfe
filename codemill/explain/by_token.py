"""From an id of a record back to the document that it is of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from codemill.explain.document import explain_document, read_document
from codemill.explain.placement import FORMS, find_shard, owner_of
from codemill.explain.question import Token
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from storage.files import join
from tokenization.load import load_tokenizer
from tokenization.packing.records import Form, record_order

CONTEXT_TOKENS = 16
"""Ids shown on each side of a token."""


def explain_token(snapshot: str, manifest: Manifest, asked: Token) -> Iterator[str]:
    """Lines: the token between its neighbours, which token of which document it is, and that document.

    Raises:
        CodemillError: there is no such shard, or no such place in it.
    """
    name, record, token = asked.shard, asked.record, asked.token
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
    owner = owner_of(snapshot, shard, place)
    yield f"{name}:{record}:{token}: id {int(ids[token])} {_shown(this)}, stream position {place}"
    yield f"  between {_shown(before)} and {_shown(after)}"
    if token == 0 and split.packing.stride > manifest.context_length:
        yield "  it opens the record and is not predicted"
        return
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
    yield f"  {what}:"
    yield from explain_document(snapshot, manifest, read_document(snapshot, manifest, int(row["key"])))


def _shown(raw: bytes) -> str:
    return repr(raw.decode("utf-8", "replace"))
