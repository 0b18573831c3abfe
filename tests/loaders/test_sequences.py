from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.order import records_at
from loaders.sequences import CYCLE, Part, Sequences, shares_of
from loaders.split import SplitRecords
from schemas.manifest import load_manifest
from schemas.record_layout import RecordLayout
from tests.trainer.snapshots import CONTEXT, write_snapshot


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[SplitRecords]:
    """Three splits of 7, 50 and 3 records; every id of a record is 100 * split + record."""
    opened = []
    for number, count in enumerate((7, 50, 3)):
        ids = np.repeat(100 * number + np.arange(count)[:, None], CONTEXT + 1, axis=1)
        snapshot = write_snapshot(tmp_path_factory.mktemp("part"), {"mono": {"train": ids}})
        split = load_manifest(snapshot).stages["mono"].splits["train"]
        opened.append(SplitRecords(snapshot, split, RecordLayout(CONTEXT)))
    return opened


def mixture(records: list[SplitRecords], weights: list[float]) -> Sequences:
    parts = [Part(name, part, weight) for name, part, weight in zip("abc", records, weights, strict=True)]
    return Sequences(parts, 5, "stage/train")


def test_one_part_is_read_in_the_order_of_its_records(records: list[SplitRecords]) -> None:
    alone = Sequences([Part("a", records[1], 1.0)], 5, "stage/train")
    positions = np.arange(120)
    expected = records_at(positions, 50, 5, "stage/train")
    assert np.array_equal(alone.places(positions)[1], expected)
    assert np.array_equal(alone.read(positions)[:, 0], 100 + expected)


def test_every_cycle_holds_the_shares(records: list[SplitRecords]) -> None:
    mixed = mixture(records, [1, 5, 2])
    parts, _ = mixed.places(np.arange(3 * CYCLE))
    for cycle in range(3):
        counted = np.bincount(parts[cycle * CYCLE : (cycle + 1) * CYCLE], minlength=3)
        assert counted.tolist() == mixed.shares.tolist() == [512, 2560, 1024]
    assert parts[:CYCLE].tolist() != parts[CYCLE : 2 * CYCLE].tolist()


def test_a_part_is_passed_over_whole_before_it_is_repeated(records: list[SplitRecords]) -> None:
    parts, read = mixture(records, [1, 1, 1]).places(np.arange(2 * CYCLE))
    for number, part in enumerate(records):
        mine = read[parts == number]
        seen = Counter(mine.tolist())
        assert max(seen.values()) - min(seen[i] for i in range(len(part))) <= 1


@given(st.lists(st.integers(0, 5 * CYCLE), min_size=1, max_size=20))
def test_any_position_is_found_alone(records: list[SplitRecords], positions: list[int]) -> None:
    mixed = mixture(records, [0.2, 0.5, 0.3])
    together = mixed.read(np.array(positions))
    alone = [mixed.read(np.array([position]))[0] for position in positions]
    assert np.array_equal(together, alone)


def test_epochs_follow_the_shares(records: list[SplitRecords]) -> None:
    mixed = mixture(records, [1, 2, 1])
    assert mixed.epochs(CYCLE) == pytest.approx([1024 / 7, 2048 / 50, 1024 / 3])


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20))
def test_shares_are_whole_and_close(weights: list[float]) -> None:
    shares = shares_of(weights)
    wanted = np.array(weights) / sum(weights) * CYCLE
    assert shares.sum() == CYCLE and (shares >= 1).all()
    assert (np.abs(shares - wanted) <= len(weights)).all()
    assert len(weights) > 1 or shares.tolist() == [CYCLE]


def test_a_record_is_located_in_its_shard(records: list[SplitRecords]) -> None:
    names = [records[1].locate(record) for record in range(50)]
    assert names[0] == ("shards/mono/train-00000-of-00003.tfrecord", 0)
    assert names[17] == ("shards/mono/train-00001-of-00003.tfrecord", 0)
    assert names[49] == ("shards/mono/train-00002-of-00003.tfrecord", 15)
