import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.batches import OrderedBatches
from loaders.ordered import OrderedRecords
from schemas.errors import CodemillError
from schemas.record_layout import CorruptRecord
from tests.loaders.data import BATCH, DAMAGED, RECORDS, damage, trainer_batches, write_training_data


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> OrderedRecords:
    return OrderedRecords.open(write_training_data(tmp_path_factory.mktemp("data") / "s"), "mono", epochs=2)


@given(start=st.integers(0, 2 * RECORDS))
def test_batches_are_the_trainers_from_any_start(records: OrderedRecords, start: int) -> None:
    batches = OrderedBatches(records, BATCH, start=start)
    assert len(batches) == (2 * RECORDS - start) // BATCH
    own = trainer_batches(records, start)
    for number in range(len(batches)):
        assert batches[number].dtype == np.int32
        assert np.array_equal(batches[number], next(own))


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 20))
def test_hosts_hold_contiguous_parts_of_the_same_batches(
    records: OrderedRecords, hosts: int, rows: int, start: int
) -> None:
    whole = OrderedBatches(records, hosts * rows, start=start)
    parts = [OrderedBatches(records, hosts * rows, start=start, host=host, hosts=hosts) for host in range(hosts)]
    for number in range(len(whole)):
        assert np.array_equal(np.concatenate([part[number] for part in parts]), whole[number])
        assert all(len(part[number]) == rows == part.rows for part in parts)


@pytest.mark.slow
def test_hosts_hold_what_the_trainers_devices_hold(records: OrderedRecords) -> None:
    """On four devices in a process of their own, since their number is fixed when JAX starts."""
    script = (
        "import pickle, sys\n"
        "import numpy as np\n"
        "from loaders.sequences import Part, Sequences\n"
        "from schemas.plan import MeshConfig\n"
        "from trainer.data import Batches, BatchShape\n"
        "from trainer.mesh import batch_sharding, make_mesh\n"
        "records = pickle.load(sys.stdin.buffer)\n"
        "mesh = make_mesh(MeshConfig(data=2, fsdp=2))\n"
        "shape = BatchShape(1, 8, records.ids_per_record)\n"
        "alone = Sequences([Part('mono', records.records, 1.0)], records.seed, 'mono/train')\n"
        "batch = Batches(alone, shape, batch_sharding(mesh)).at(5)\n"
        "parts = {shard.device.id: np.asarray(shard.data)[0].tolist() for shard in batch.addressable_shards}\n"
        "print([parts[device] for device in range(4)])\n"
    )
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu", "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps(records),
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **flags},
    )
    assert done.returncode == 0, done.stderr.decode()
    hosts = [OrderedBatches(records, 8, start=5, host=host, hosts=4) for host in range(4)]
    assert json.loads(done.stdout) == [host[0].tolist() for host in hosts]


def test_a_corrupt_record_is_named(tmp_path: Path) -> None:
    snapshot = write_training_data(tmp_path / "s")
    damage(snapshot)
    with pytest.raises(CorruptRecord, match=DAMAGED):
        list(iter(OrderedBatches(OrderedRecords.open(snapshot, "mono", epochs=2), BATCH)))


@pytest.mark.parametrize("number", [-1, 11])
def test_batches_outside_are_refused(records: OrderedRecords, number: int) -> None:
    with pytest.raises(IndexError, match=f"no batch {number} among 11"):
        OrderedBatches(records, BATCH)[number]


@pytest.mark.parametrize(
    "numbers",
    [
        {"sequences": 0},
        {"sequences": 4, "hosts": 3},
        {"sequences": 4, "hosts": 0},
        {"sequences": 4, "hosts": 2, "host": 2},
        {"sequences": 4, "host": -1},
        {"sequences": 4, "start": -1},
        {"sequences": 4, "start": 2 * RECORDS + 1},
    ],
)
def test_numbers_that_make_no_batches_are_refused(records: OrderedRecords, numbers: dict[str, int]) -> None:
    with pytest.raises(CodemillError):
        OrderedBatches(records, **numbers)


def test_pickles_and_names_itself_by_its_data(records: OrderedRecords) -> None:
    batches = OrderedBatches(records, BATCH, start=3)
    same = pickle.loads(pickle.dumps(batches))
    assert repr(same) == repr(batches) and np.array_equal(same[2], batches[2])
    assert repr(records) in repr(batches)
