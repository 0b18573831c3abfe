from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import CheckFailed, CodemillError
from schemas.record_layout import CorruptRecord, RecordLayout
from schemas.shard_file import ShardReader, write_shard
from storage.files import MissingFile

LAYOUT = RecordLayout(16)
IDS = np.random.default_rng(3).integers(0, LAYOUT.id_limit, (40, 17))


def written(tmp_path: Path, ids: np.ndarray = IDS) -> Path:
    path = tmp_path / "shards" / "part.tfrecord"
    write_shard(str(path), LAYOUT, ids)
    return path


def test_says_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "part.tfrecord"
    result = write_shard(str(path), LAYOUT, IDS)
    content = path.read_bytes()
    assert content == LAYOUT.encode(IDS).tobytes()
    assert result == (40, len(content), hashlib.sha256(content).hexdigest())


def test_many_pieces_make_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.shard_file._PIECE_BYTES", 3 * LAYOUT.record_bytes)
    assert written(tmp_path).read_bytes() == LAYOUT.encode(IDS).tobytes()


def test_rows_are_written_in_the_order_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.shard_file._PIECE_BYTES", 3 * LAYOUT.record_bytes)
    order = np.random.default_rng(1).permutation(40)
    write_shard(str(tmp_path / "part.tfrecord"), LAYOUT, IDS, order)
    assert (tmp_path / "part.tfrecord").read_bytes() == LAYOUT.encode(IDS[order]).tobytes()


def test_reads_any_records_in_any_order(tmp_path: Path) -> None:
    reader = ShardReader(str(written(tmp_path)), LAYOUT)
    assert len(reader) == 40
    for indices in ([], [39], [5, 5, 0], list(range(40)), [7, 8, 9, 3, 2, 1]):
        ids = reader.read(np.array(indices, np.int64))
        assert ids.dtype == np.int32 and ids.tolist() == IDS[indices].tolist()


def test_reads_to_chosen_rows_and_leaves_the_others(tmp_path: Path) -> None:
    ids = np.full((5, 17), -1, np.int32)
    ShardReader(str(written(tmp_path)), LAYOUT).read_into(np.array([8, 3]), ids, np.array([4, 1]))
    assert ids[[4, 1]].tolist() == IDS[[8, 3]].tolist() and (ids[[0, 2, 3]] == -1).all()


def test_a_pickled_reader_reads(tmp_path: Path) -> None:
    reader = pickle.loads(pickle.dumps(ShardReader(str(written(tmp_path)), LAYOUT, 40)))
    assert reader.read(np.array([12])).tolist() == IDS[[12]].tolist()


def test_an_empty_shard_is_a_shard(tmp_path: Path) -> None:
    reader = ShardReader(str(written(tmp_path, IDS[:0])), LAYOUT, 0)
    assert len(reader) == 0 and reader.read(np.zeros(0, np.int64)).shape == (0, 17)


@pytest.mark.parametrize("index", [-1, 40])
def test_indices_outside_are_refused(tmp_path: Path, index: int) -> None:
    with pytest.raises(IndexError, match=f"no record {index} among 40"):
        ShardReader(str(written(tmp_path)), LAYOUT).read(np.array([0, index]))


def test_a_corrupt_record_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = written(tmp_path)
    content = bytearray(path.read_bytes())
    content[6 * LAYOUT.record_bytes + 50] ^= 4
    path.write_bytes(content)
    reader = ShardReader(str(path), LAYOUT)
    assert reader.read(np.array([5, 7])).tolist() == IDS[[5, 7]].tolist()
    with pytest.raises(CorruptRecord, match=f"part.tfrecord: record 6 at byte {6 * LAYOUT.record_bytes}"):
        reader.read(np.array([7, 6, 5]))


@pytest.mark.parametrize(("cut", "records"), [(1, None), (1, 40), (LAYOUT.record_bytes, 40), (-1, None)])
def test_another_size_is_refused(tmp_path: Path, cut: int, records: int | None) -> None:
    path = written(tmp_path)
    content = path.read_bytes() + b"x"
    path.write_bytes(content[: len(content) - 1 - cut] if cut > 0 else content)
    with pytest.raises(CheckFailed, match=r"part.tfrecord: \d+ bytes are not"):
        ShardReader(str(path), LAYOUT, records)


def test_a_shard_of_another_context_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="another context length"):
        ShardReader(str(written(tmp_path)), RecordLayout(15))


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="gone"):
        ShardReader(str(tmp_path / "gone.tfrecord"), LAYOUT)


def test_an_id_that_does_not_fit_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match="does not fit"):
        written(tmp_path, np.full((2, 17), LAYOUT.id_limit))
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
