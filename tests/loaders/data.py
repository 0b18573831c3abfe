"""A real snapshot for the loaders' tests, our trainer's own batches of it, and damage to one of its records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
from jax.sharding import SingleDeviceSharding

from loaders.ordered import OrderedRecords
from loaders.sequences import Part, Sequences
from schemas.manifest import load_manifest
from schemas.record_layout import RecordLayout
from tests.trainer.snapshots import CONTEXT, write_snapshot
from trainer.data import Batches, BatchShape

RECORDS = 23
BATCH = 4
LIMIT = 1 << 21
DAMAGED = "train-00001-of-00003.tfrecord: record 2 "
"""How an error names the record that `damage` changes."""


def write_training_data(directory: Path) -> str:
    """A snapshot whose stage `mono` has 23 training records in three shards, all different."""
    ids = np.random.default_rng(7).integers(0, LIMIT, (RECORDS + 5, CONTEXT + 1))
    return write_snapshot(directory, {"mono": {"train": ids[:RECORDS], "validation-python": ids[RECORDS:]}})


def damage(snapshot: str) -> int:
    """Flip a bit of record 2 of the second shard; the answer is the record's number in the split."""
    shards = load_manifest(snapshot).stages["mono"].splits["train"].shards
    path = Path(snapshot, shards[1].name)
    content = bytearray(path.read_bytes())
    content[2 * RecordLayout(CONTEXT).record_bytes + 60] ^= 1
    path.write_bytes(content)
    return shards[0].records + 2


def trainer_batches(records: OrderedRecords, start: int) -> Iterator[np.ndarray]:
    """What our trainer's own class makes of the same records, from position `start` on, without end."""
    shape = BatchShape(1, BATCH, CONTEXT + 1)
    sharding = SingleDeviceSharding(jax.devices()[0])
    alone = [Part(records.dataset, records.records, 1.0)]
    batches = Batches(Sequences(alone, records.seed, f"{records.stage}/{records.split}"), shape, sharding)  # type: ignore[arg-type]
    while True:
        yield np.asarray(batches.at(start))[0]
        start += BATCH
