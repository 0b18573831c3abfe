"""Where a document's tokens are in the shards, and whose a token of a shard is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.shards.plan import PlannedSplit
from pipelines.tables import read_table
from schemas.documents import repository_id
from schemas.errors import CodemillError
from schemas.keyed_hash import copy_ids
from schemas.manifest import Manifest, Shard, Split
from storage.files import join
from tokenization.packing.records import Form, locate, record_order

FORMS = {
    Form.PLAIN: "",
    Form.PREFIX_SUFFIX_MIDDLE: ", rewritten as prefix, suffix, middle",
    Form.SUFFIX_PREFIX_MIDDLE: ", rewritten as suffix, prefix, middle",
}


@dataclass(frozen=True)
class PlacedPiece:
    """Tokens of a document that lie together: `records` counts in the file, the first and last may hold others' too."""

    first: int
    tokens: int
    start: int
    form: Form
    records: tuple[int, ...]


@dataclass(frozen=True)
class Placement:
    """Where one copy of a document is."""

    shard: str
    pieces: tuple[PlacedPiece, ...]


@dataclass(frozen=True)
class Owner:
    """What a place in a shard belongs to: a row of its provenance, and how far behind its first id the place is."""

    row: dict[str, Any]
    within: int


def provenance_name(shard: str) -> str:
    """The provenance of a shard, both relative to the snapshot."""
    return shard.replace("shards/", "provenance/").replace(".tfrecord", ".parquet")


def placement(snapshot: str, manifest: Manifest, document: dict[str, Any], copy: int) -> Placement:
    """Find a kept document's tokens; the shard of each copy follows from the id of the document or its repository."""
    stage = next(row.stage for row in manifest.ledger.sources if row.source == document["source"])
    split = manifest.stages[stage].splits[document["split"]]
    planned = PlannedSplit(stage, document["split"], len(split.shards), 0, split.feeds_hosts)
    grouped = split.packing.order == "repository" and document["repository"]
    key = repository_id(document["source"], document["repository"]) if grouped else document["id"]
    ids = np.frombuffer(key, np.uint8).reshape(1, -1)
    index = int(planned.shard_of(manifest.seed, copy_ids(ids, np.array([copy])))[0])
    table = read_table(join(snapshot, planned.provenance_name(index)))
    same = pc.and_(pc.equal(table["id"], document["id"]), pc.equal(table["copy"], pa.scalar(copy, pa.uint16())))
    shard = split.shards[index]
    in_file = np.argsort(record_order(manifest.seed, shard.name, shard.records))
    pieces = []
    for row in table.filter(same).sort_by([("first", "ascending"), ("start", "ascending")]).to_pylist():
        ranges = locate(row["start"], row["ids"], manifest.context_length, split.packing.stride)
        records = tuple(int(in_file[found.record]) for found in ranges)
        pieces.append(PlacedPiece(row["first"], row["tokens"], row["start"], Form(row["form"]), records))
    return Placement(shard.name, tuple(pieces))


def find_shard(manifest: Manifest, name: str) -> tuple[Split, Shard]:
    """A shard by its name, and the split that it is of.

    Raises:
        CodemillError: there is none.
    """
    for stage in manifest.stages.values():
        for split in stage.splits.values():
            for shard in split.shards:
                if shard.name == name:
                    return split, shard
    raise CodemillError(f"{name}: no such shard in the manifest", "see `codemill report SNAPSHOT` for the names")


def owner_of(snapshot: str, shard: Shard, place: int) -> Owner | None:
    """The piece that a place is in, or whose separator it is; None where nothing begins before it."""
    provenance = read_table(join(snapshot, provenance_name(shard.name)))
    row = int(np.searchsorted(provenance["start"].to_numpy(), place, side="right")) - 1
    if row < 0:
        return None
    found = provenance.slice(row, 1).to_pylist()[0]
    return Owner(found, place - found["start"])
