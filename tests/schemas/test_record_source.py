from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import record_source
from schemas.record_layout import RecordLayout
from schemas.record_source import open_records
from schemas.shard_file import ShardReader, write_shard
from storage.files import StorageError, join, write_atomic
from tests.storage.server import storage_environment

RECORD_BYTES = 10
RECORDS = np.arange(200, dtype=np.uint8).reshape(20, RECORD_BYTES)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with storage_environment() as uri:
        yield uri


@pytest.fixture(scope="module", params=["local", "gs"])
def uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    root = str(tmp_path_factory.mktemp("records"))
    if request.param == "gs":
        root = join(request.getfixturevalue("bucket"), "records")
    write_atomic(join(root, "part"), RECORDS.tobytes())
    return join(root, "part")


@pytest.mark.parametrize("indices", [[0], [3, 4, 5], [19, 0, 19, 7, 8], list(range(20))])
def test_fetches_the_records_asked_for(uri: str, indices: list[int]) -> None:
    records, rows = open_records(uri, 20, RECORD_BYTES).fetch(np.array(indices))
    assert records.dtype == np.uint8 and (records[rows] == RECORDS[indices]).all()


def test_a_remote_shard_reads_like_a_local_one(bucket: str) -> None:
    layout = RecordLayout(16)
    ids = np.random.default_rng(4).integers(0, layout.id_limit, (9, 17))
    write_shard(join(bucket, "shards", "part"), layout, ids)
    assert (
        ShardReader(join(bucket, "shards", "part"), layout, 9).read(np.array([8, 2, 3])).tolist()
        == ids[[8, 2, 3]].tolist()
    )


def test_an_object_that_shrank_is_an_error(bucket: str) -> None:
    source = open_records(_put(bucket, 3), 20, RECORD_BYTES)
    with pytest.raises(StorageError):
        source.fetch(np.array([2, 3]))


def _put(bucket: str, records: int) -> str:
    write_atomic(join(bucket, "short"), RECORDS[:records].tobytes())
    return join(bucket, "short")


@given(st.lists(st.integers(0, 19), min_size=1, max_size=12))
def test_neighbours_are_read_together(indices: list[int]) -> None:
    reads: list[tuple[int, int]] = []

    class Source(record_source._RemoteRecords):
        def __init__(self) -> None:
            self._record_bytes = RECORD_BYTES
            self._pool = ThreadPoolExecutor(1)

        def _read(self, run: tuple[int, int]) -> bytes:
            reads.append(run)
            return RECORDS[run[0] : run[0] + run[1]].tobytes()

    records, rows = Source().fetch(np.array(indices))
    assert (records[rows] == RECORDS[indices]).all()
    assert [i for first, count in reads for i in range(first, first + count)] == sorted(set(indices))
    assert all(a + count < b for (a, count), (b, _) in itertools.pairwise(reads))
