from pathlib import Path

import numpy as np
import pytest

from loaders.batches import OrderedBatches
from loaders.ordered import OrderedRecords
from tests.loaders.data import BATCH, DAMAGED, RECORDS, damage, trainer_batches, write_training_data
from tests.trainer.snapshots import CONTEXT

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> OrderedRecords:
    return OrderedRecords.open(write_training_data(tmp_path_factory.mktemp("data") / "s"), "mono", epochs=2)


@pytest.mark.parametrize("start", [0, 7])
def test_two_epochs_are_the_trainers_batches(records: OrderedRecords, start: int) -> None:
    pytest.importorskip("tensorflow")
    from loaders.tensorflow_dataset import tensorflow_batches

    dataset = tensorflow_batches(OrderedBatches(records, BATCH, start=start))
    assert dataset.element_spec.shape == (BATCH, CONTEXT + 1) and dataset.element_spec.dtype == "int32"
    found = list(dataset.as_numpy_iterator())
    assert len(found) == (2 * RECORDS - start) // BATCH
    own = trainer_batches(records, start)
    assert all(np.array_equal(batch, next(own)) for batch in found)


def test_hosts_read_their_parts(records: OrderedRecords) -> None:
    pytest.importorskip("tensorflow")
    from loaders.tensorflow_dataset import tensorflow_batches

    parts = [tensorflow_batches(OrderedBatches(records, BATCH, host=host, hosts=2)) for host in range(2)]
    own = trainer_batches(records, 0)
    for one, other in zip(*(part.as_numpy_iterator() for part in parts), strict=True):
        assert np.array_equal(np.concatenate([one, other]), next(own))


def test_a_corrupt_record_is_named(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    from loaders.tensorflow_dataset import tensorflow_batches

    snapshot = write_training_data(tmp_path / "s")
    damage(snapshot)
    batches = OrderedBatches(OrderedRecords.open(snapshot, "mono", epochs=2), BATCH)
    with pytest.raises(tf.errors.OpError, match=DAMAGED):
        list(tensorflow_batches(batches))
