import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from loaders.order import records_at
from loaders.ordered import OrderedRecords
from loaders.sequences import Sequences
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import load_manifest
from schemas.plan import Plan
from schemas.record_layout import CorruptRecord
from tests.loaders.data import DAMAGED, RECORDS, damage, trainer_batches, write_training_data
from tests.trainer.plans import MODEL, stage
from tests.trainer.snapshots import CONTEXT, counting_records, write_snapshot
from trainer import stage as trainer_stage
from trainer.data import Batches
from trainer.train import train


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    return write_training_data(tmp_path / "snapshot")


def test_two_epochs_are_what_the_trainer_reads(snapshot: str) -> None:
    records = OrderedRecords.open(snapshot, "mono", seed=9, epochs=2)
    assert len(records) == 2 * RECORDS
    batches = trainer_batches(records, 0)
    own = np.concatenate([next(batches) for _ in range(12)])[: len(records)]
    assert np.array_equal(np.stack([records[position] for position in range(len(records))]), own)
    assert not np.array_equal(own[:RECORDS], own[RECORDS:])


def test_seed_stage_and_split_key_the_order(snapshot: str) -> None:
    base = OrderedRecords.open(snapshot, "mono")
    positions = np.arange(RECORDS)
    for other in (
        OrderedRecords.open(snapshot, "mono", seed=43),
        OrderedRecords.open(snapshot, "mono", stage="python"),
    ):
        assert not np.array_equal(other.read(positions), base.read(positions))
        assert sorted(map(tuple, other.read(positions))) == sorted(map(tuple, base.read(positions)))
    assert len(OrderedRecords.open(snapshot, "mono", "validation-python")) == 5


def test_the_training_run_itself_asks_for_these_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan's seed, the stage's name and the split make the key, as `OrderedRecords` has it."""
    ids = {"train": counting_records(12, 1), "validation-python": counting_records(5, 2)}
    snapshot = write_snapshot(tmp_path / "snapshot", {"data": ids})
    seen: dict[str, np.ndarray] = {}

    class Watched(Batches):
        def at(self, first: int) -> object:  # type: ignore[override]
            batch = super().at(first)
            assert isinstance(self.sequences, Sequences)
            seen.setdefault(f"{self.sequences.purpose} {first}", np.asarray(batch).reshape(-1, CONTEXT + 1))
            return batch

    monkeypatch.setattr(trainer_stage, "Batches", Watched)
    plan = {"name": "p", "seed": 6, "model": MODEL, "stages": [stage("first", snapshot, dataset="data", steps=1)]}
    train(Plan.model_validate(plan), str(tmp_path / "run"), report=lambda line: None)
    opened = {
        split: OrderedRecords.open(snapshot, "data", split, seed=6, stage="first")
        for split in ("train", "validation-python")
    }
    for split, records in opened.items():
        own = seen[f"first/{split} 0"]
        assert np.array_equal(own, records.read(np.arange(len(own))))


def test_positions_may_be_any_integers_and_come_in_lists(snapshot: str) -> None:
    records = OrderedRecords.open(snapshot, "mono")
    assert records[3].dtype == np.int32 and records[3].shape == (records.ids_per_record,) == (CONTEXT + 1,)
    assert np.array_equal(records[np.int64(3)], records[3])
    assert [item.tolist() for item in records.__getitems__([5, 3, 5])] == [records[p].tolist() for p in (5, 3, 5)]
    assert records.__getitems__([]) == []
    with pytest.raises(TypeError):
        records[1.0]  # type: ignore[index]


@pytest.mark.parametrize("position", [-1, RECORDS])
def test_positions_outside_are_refused(snapshot: str, position: int) -> None:
    records = OrderedRecords.open(snapshot, "mono")
    with pytest.raises(IndexError, match=f"no position {position} among {RECORDS}"):
        records[position]
    with pytest.raises(IndexError):
        records.__getitems__([0, position])


def test_iterating_ends(snapshot: str) -> None:
    assert len(list(iter(OrderedRecords.open(snapshot, "mono", epochs=2)))) == 2 * RECORDS


def test_an_empty_split_has_no_positions(tmp_path: Path) -> None:
    empty = {"train": np.zeros((0, CONTEXT + 1), np.int32)}
    records = OrderedRecords.open(write_snapshot(tmp_path / "s", {"mono": empty}), "mono")
    assert len(records) == 0 and records.__getitems__([]) == []
    with pytest.raises(IndexError):
        records[0]


def test_a_corrupt_record_is_named(snapshot: str) -> None:
    records = OrderedRecords.open(snapshot, "mono")
    number = damage(snapshot)
    order = records_at(np.arange(RECORDS), RECORDS, 42, "mono/train")
    (position,) = np.flatnonzero(order == number)
    with pytest.raises(CorruptRecord, match=DAMAGED):
        records[position]
    assert len(records.read(np.delete(np.arange(RECORDS), position))) == RECORDS - 1


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
def test_worker_processes_read_the_same(snapshot: str, method: str) -> None:
    records = OrderedRecords.open(snapshot, "mono")
    before = records[4].tolist()  # opens a shard that a forked child must not share
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert [item.tolist() for item in pool.map(records.__getitem__, range(3, 6))][1] == before


def test_pickles_and_names_itself_by_its_data(snapshot: str, tmp_path: Path) -> None:
    records = OrderedRecords.open(snapshot, "mono", epochs=2)
    same = pickle.loads(pickle.dumps(records))
    assert repr(same) == repr(records) and same == records and same[5].tolist() == records[5].tolist()
    moved = Path(snapshot).rename(tmp_path / "elsewhere")
    assert repr(OrderedRecords.open(str(moved), "mono", epochs=2)) == repr(records)
    assert load_manifest(str(moved)).digest in repr(records)
    assert repr(OrderedRecords.open(str(moved), "mono", epochs=3)) != repr(records)


def test_what_is_not_there_is_named(snapshot: str) -> None:
    with pytest.raises(CodemillError, match="no dataset 'poems', only mono"):
        OrderedRecords.open(snapshot, "poems")
    with pytest.raises(CodemillError, match="no split 'test', only train, validation-python"):
        OrderedRecords.open(snapshot, "mono", "test")
    with pytest.raises(CodemillError, match="at least 1"):
        OrderedRecords.open(snapshot, "mono", epochs=0)


def test_a_pinned_digest_must_be_the_snapshots(snapshot: str) -> None:
    digest = load_manifest(snapshot).digest
    assert OrderedRecords.open(snapshot, "mono", digest=digest).digest == digest
    with pytest.raises(CheckFailed, match="not 000"):
        OrderedRecords.open(snapshot, "mono", digest="0" * 64)
