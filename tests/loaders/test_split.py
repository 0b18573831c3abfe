import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.split import SplitRecords
from schemas.manifest import load_manifest
from schemas.record_layout import CorruptRecord, RecordLayout
from tests.loaders.data import DAMAGED, damage, write_training_data
from tests.trainer.snapshots import CONTEXT, write_snapshot

RECORDS = 5
SHARDS = 8
"""More than there are records, so that some shards are empty."""
IDS = np.random.default_rng(5).integers(0, 1 << 21, (RECORDS, CONTEXT + 1))


def opened(snapshot: str) -> SplitRecords:
    split = load_manifest(snapshot).stages["mono"].splits["train"]
    return SplitRecords(snapshot, split, RecordLayout(CONTEXT))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> SplitRecords:
    directory = tmp_path_factory.mktemp("split")
    return opened(write_snapshot(directory, {"mono": {"train": IDS}}, shards=SHARDS))


@given(st.lists(st.integers(0, RECORDS - 1), max_size=12))
def test_reads_any_records_in_any_order(records: SplitRecords, wanted: list[int]) -> None:
    ids = records.read(np.array(wanted, np.int64))
    assert ids.dtype == np.int32 and ids.shape == (len(wanted), records.ids_per_record)
    assert np.array_equal(ids, IDS[wanted])


def test_knows_its_length_and_pickles(records: SplitRecords) -> None:
    same = pickle.loads(pickle.dumps(records))
    assert len(same) == len(records) == RECORDS
    assert np.array_equal(same.read(np.array([4, 0])), IDS[[4, 0]])


def test_a_corrupt_record_is_named_by_its_shard(tmp_path: Path) -> None:
    snapshot = write_training_data(tmp_path)
    number = damage(snapshot)
    records = opened(snapshot)
    with pytest.raises(CorruptRecord, match=DAMAGED):
        records.read(np.array([0, number, 1]))
    assert len(records.read(np.array([number - 1, number + 1]))) == 2
