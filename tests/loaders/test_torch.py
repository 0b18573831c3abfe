"""PyTorch needs no adapter: its loader takes a map-style dataset. It is not among the test dependencies."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from loaders.batches import OrderedBatches
from loaders.ordered import OrderedRecords
from schemas.record_layout import CorruptRecord
from tests.loaders.data import BATCH, DAMAGED, RECORDS, damage, trainer_batches, write_training_data


@pytest.fixture
def records(tmp_path: Path) -> OrderedRecords:
    return OrderedRecords.open(write_training_data(tmp_path / "s"), "mono", epochs=2)


def loaded(records: OrderedRecords) -> Iterator[np.ndarray]:
    """What DataLoader(records, batch_size=BATCH, drop_last=True) does without workers, on arrays."""
    indices = iter(range(len(records)))
    for batch in zip(*[indices] * BATCH, strict=False):
        yield np.stack(records.__getitems__(list(batch)))


def test_the_protocol_gives_the_trainers_batches(records: OrderedRecords) -> None:
    found = list(loaded(records))
    own = trainer_batches(records, 0)
    assert len(found) == 2 * RECORDS // BATCH
    assert all(np.array_equal(batch, next(own)) for batch in found)


def test_a_corrupt_record_is_named_by_the_protocol(tmp_path: Path) -> None:
    snapshot = write_training_data(tmp_path / "s")
    damage(snapshot)
    with pytest.raises(CorruptRecord, match=DAMAGED):
        list(loaded(OrderedRecords.open(snapshot, "mono")))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("workers", [0, 2])
def test_torch_itself_gives_the_trainers_batches(records: OrderedRecords, tmp_path: Path, workers: int) -> None:
    torch = pytest.importorskip("torch")
    load = torch.utils.data.DataLoader
    start = 7
    own = trainer_batches(records, 0)
    items = load(records, batch_size=BATCH, drop_last=True, num_workers=workers)
    assert all(np.array_equal(batch.numpy(), next(own)) for batch in items)
    own = trainer_batches(records, start)
    batches = OrderedBatches(records, BATCH, start=start)
    whole = [batch.numpy() for batch in load(batches, batch_size=None, num_workers=workers)]
    assert len(whole) == len(batches) and all(np.array_equal(batch, next(own)) for batch in whole)
    damage(str(tmp_path / "s"))
    with pytest.raises(CorruptRecord, match=DAMAGED):
        list(load(batches, batch_size=None, num_workers=workers))
