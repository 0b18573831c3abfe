"""How often neighbours in a split's records come from the same document: as packed, in the shards, in training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from loaders.order import order_key, records_at
from schemas.manifest import TRAIN_SPLIT, Shard, Split, load_manifest
from storage.files import join
from tokenization.packing.records import record_order

I64s = NDArray[np.int64]


class Neighbours(NamedTuple):
    """Pairs of neighbouring records in one order."""

    order: str
    pairs: int
    shared: int
    """Those that hold parts of the same document."""
    expected: float
    """The mean of the same in random orders: a shard's records within the shard, or the split's all together."""


class Shuffle(NamedTuple):
    """What was found of a split."""

    records: int
    documents: int
    neighbours: list[Neighbours]


def documents_in(snapshot: str, split: Split, shard: Shard) -> tuple[I64s, NDArray[np.uint64]]:
    """(packed record, document) for each document in each record of a shard, from its provenance."""
    name = shard.name.replace("shards/", "provenance/").replace(".tfrecord", ".parquet")
    table = pq.read_table(join(snapshot, name), columns=["key", "start", "ids"])
    start, ids = (np.asarray(table[column]) for column in ("start", "ids"))
    first = start // split.packing.stride
    last = np.minimum((start + np.maximum(ids, 1) - 1) // split.packing.stride, shard.records - 1)
    counts = last - first + 1
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within, np.repeat(np.asarray(table["key"]), counts)


def shared(places: I64s, documents: NDArray[np.uint64]) -> int:
    """How many neighbouring places have a document in common, of pairs (place, document)."""
    order = np.lexsort((places, documents))
    same = (np.diff(documents[order]) == 0) & (np.diff(places[order]) == 1)
    return np.unique(places[order][:-1][same]).size


def expected(records: I64s, documents: NDArray[np.uint64], count: int) -> float:
    """How many neighbours share a document in the mean of random orders of `count` records.

    Two given records are neighbours in 2 (N - 1) of the N (N - 1) ordered pairs of places, and a document in n records
    makes n (n - 1) / 2 pairs; two documents in the same two records would be counted twice, and hardly ever are.
    """
    held = np.unique(np.stack([documents, records.astype(np.uint64)]), axis=1)[0]
    n = np.unique(held, return_counts=True)[1]
    return float((n * (n - 1)).sum()) / count


def measure_shuffle(snapshot: str, stage: str, seed: int = 42) -> Shuffle:
    """Neighbours in a stage's training split."""
    manifest = load_manifest(snapshot)
    split = manifest.stages[stage].splits[TRAIN_SPLIT]
    packed, filed, mean, begin = 0, 0, 0.0, 0
    places: list[I64s] = []
    names: list[NDArray[np.uint64]] = []
    for shard in split.shards:
        records, documents = documents_in(snapshot, split, shard)
        in_file = np.argsort(record_order(manifest.seed, shard.name, shard.records))[records]
        packed += shared(records, documents)
        filed += shared(in_file, documents)
        mean += expected(records, documents, shard.records)
        places.append(begin + in_file)
        names.append(documents)
        begin += shard.records
    records, documents = np.concatenate(places), np.concatenate(names)
    position = np.argsort(records_at(np.arange(begin), begin, seed, order_key(stage, TRAIN_SPLIT)))
    trained = shared(position[records], documents)
    within = begin - len(split.shards)
    rows = [
        Neighbours("as packed", within, packed, mean),
        Neighbours("in the shards", within, filed, mean),
        Neighbours("in training, first epoch", begin - 1, trained, expected(records, documents, begin)),
    ]
    return Shuffle(begin, np.unique(documents).size, rows)
