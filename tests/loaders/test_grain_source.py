import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loaders.batches import OrderedBatches
from loaders.grain_source import grain_batches
from loaders.ordered import OrderedRecords
from schemas.record_layout import CorruptRecord
from tests.loaders.data import BATCH, DAMAGED, RECORDS, damage, trainer_batches, write_training_data

grain = pytest.importorskip("grain")


@pytest.fixture
def records(tmp_path: Path) -> OrderedRecords:
    return OrderedRecords.open(write_training_data(tmp_path / "s"), "mono", epochs=2)


def same(found: list[Any], expected: Any) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(found, expected, strict=False))


@pytest.mark.parametrize("start", [0, 7])
def test_two_epochs_are_the_trainers_batches(records: OrderedRecords, start: int) -> None:
    found = list(grain_batches(OrderedBatches(records, BATCH, start=start)))
    assert len(found) == (2 * RECORDS - start) // BATCH
    assert same(found, trainer_batches(records, start))


def test_hosts_read_their_parts(records: OrderedRecords) -> None:
    parts = [grain_batches(OrderedBatches(records, BATCH, host=host, hosts=2)) for host in range(2)]
    found = [np.concatenate(pair) for pair in zip(*parts, strict=True)]
    assert len(found) == 11 and same(found, trainer_batches(records, 0))


def test_the_state_is_one_integer_and_goes_on(records: OrderedRecords) -> None:
    dataset = grain_batches(OrderedBatches(records, BATCH, start=7))
    iterator = iter(dataset)
    list(islice(iterator, 3))
    state = iterator.get_state()
    assert list(state.values()) == [3]
    resumed = iter(grain_batches(OrderedBatches(records, BATCH, start=7)))
    resumed.set_state(state)
    found = list(resumed)
    assert len(found) == 6 and same(found, trainer_batches(records, 7 + 3 * BATCH))
    assert same(found, list(iterator))


def test_grain_takes_the_records_themselves(records: OrderedRecords) -> None:
    assert isinstance(records, grain.sources.RandomAccessDataSource)
    dataset = grain.MapDataset.source(records).batch(BATCH, drop_remainder=True)
    assert len(dataset) == 11 and same(list(dataset), trainer_batches(records, 0))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_older_loader_knows_the_data_by_its_repr(records: OrderedRecords) -> None:
    sampler = grain.samplers.IndexSampler(len(records), shuffle=False, num_epochs=1, seed=0)
    operations = [grain.transforms.Batch(BATCH, drop_remainder=True)]
    loader = grain.DataLoader(data_source=records, sampler=sampler, operations=operations, worker_count=0)
    assert json.loads(iter(loader).get_state())["data_source"] == repr(records)
    assert same(list(loader), trainer_batches(records, 0))


def test_a_corrupt_record_is_named(tmp_path: Path) -> None:
    snapshot = write_training_data(tmp_path / "s")
    damage(snapshot)
    with pytest.raises(CorruptRecord, match=DAMAGED):
        list(grain_batches(OrderedBatches(OrderedRecords.open(snapshot, "mono", epochs=2), BATCH)))
