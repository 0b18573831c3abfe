from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.crc import masked_crc32c
from schemas.errors import CodemillError
from schemas.record_layout import CorruptRecord, RecordLayout

LAYOUT = RecordLayout(8)


def plain_varint(value: int) -> bytes:
    encoded = b""
    while value > 127:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def plain_field(number: int, content: bytes) -> bytes:
    return plain_varint(number << 3 | 2) + plain_varint(len(content)) + content


def plain_record(ids: list[int], width: int) -> bytes:
    packed = b""
    for value in ids:
        digits = [value >> 7 * k & 127 for k in range(width)]
        packed += bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]])
    feature = plain_field(3, plain_field(1, packed))
    payload = plain_field(1, plain_field(1, plain_field(1, b"text") + plain_field(2, feature)))
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc32c(length)) + payload + struct.pack("<I", masked_crc32c(payload))


@given(st.data(), st.integers(1, 200), st.integers(1, 4))
def test_records_have_the_documented_bytes_and_decode(data: st.DataObject, length: int, width: int) -> None:
    layout = RecordLayout(length, width)
    row = st.lists(st.integers(0, layout.id_limit - 1), min_size=length + 1, max_size=length + 1)
    rows = data.draw(st.lists(row, min_size=1, max_size=2))
    records = layout.encode(np.array(rows, np.int64))
    assert [record.tobytes() for record in records] == [plain_record(ids, width) for ids in rows]
    assert records.shape[1] == layout.record_bytes
    assert layout.decode(records).tolist() == rows


@pytest.mark.parametrize("length", [1, 40, 41, 42, 126, 127, 128, 5458, 5461, 20000])
def test_every_record_of_a_layout_has_one_size(length: int) -> None:
    layout = RecordLayout(length)
    low, high = np.zeros((1, length + 1), np.int32), np.full((1, length + 1), layout.id_limit - 1)
    assert layout.encode(low).shape == layout.encode(high).shape == (1, layout.record_bytes)
    assert layout.encode(high).tobytes() == plain_record(high[0].tolist(), 3)


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", "u4", "i8", "u8", ">i4", ">u8"])
def test_any_integer_type_is_taken(dtype: str) -> None:
    ids = np.arange(18).reshape(2, 9)
    assert LAYOUT.encode(ids.astype(dtype)).tobytes() == LAYOUT.encode(ids).tobytes()
    assert LAYOUT.encode(np.asfortranarray(ids.astype(dtype))).tobytes() == LAYOUT.encode(ids).tobytes()


def test_more_rows_than_a_chunk() -> None:
    ids = np.random.default_rng(1).integers(0, LAYOUT.id_limit, (20_000, 9))
    records = LAYOUT.encode(ids)
    assert (LAYOUT.decode(records) == ids).all()
    records[19_999, 40] ^= 1
    with pytest.raises(CorruptRecord, match="record 19999"):
        LAYOUT.decode(records)


@pytest.mark.parametrize("value", [-1, 1 << 21, 1 << 31, 1 << 40, -(1 << 40)])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
def test_an_id_that_does_not_fit_is_named(value: int, dtype: type[np.signedinteger]) -> None:
    if not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        pytest.skip("no such value in this type")
    ids = np.zeros((3, 9), dtype)
    ids[1, 4] = value
    with pytest.raises(CodemillError, match=f"id {value} in row 1, column 4"):
        LAYOUT.encode(ids)


@pytest.mark.parametrize("ids", [np.zeros((2, 8), np.int32), np.zeros(9, np.int32), np.zeros((2, 9))])
def test_other_shapes_and_types_are_refused(ids: np.ndarray) -> None:
    with pytest.raises(CodemillError, match="does not make records"):
        LAYOUT.encode(ids)


def test_every_flipped_bit_is_found() -> None:
    records = LAYOUT.encode(np.arange(27).reshape(3, 9))
    for byte in range(LAYOUT.record_bytes):
        for bit in range(8):
            damaged = records.copy()
            damaged[1, byte] ^= 1 << bit
            with pytest.raises(CorruptRecord, match=f"part-7: record 1 at byte {LAYOUT.record_bytes}"):
                LAYOUT.decode(damaged, "part-7")


def test_a_record_with_other_varints_and_a_right_crc_is_found() -> None:
    records = LAYOUT.encode(np.zeros((2, 9), np.int32))
    records[1, len(LAYOUT.header)] = 0  # an id of one byte, followed by two more
    crc = masked_crc32c(records[1, 12:-4].tobytes())
    records[1, -4:] = np.frombuffer(struct.pack("<I", crc), np.uint8)
    with pytest.raises(CorruptRecord, match="record 1"):
        LAYOUT.decode(records)


@pytest.mark.parametrize(("length", "width"), [(0, 3), (8, 0), (8, 5)])
def test_impossible_layouts_are_refused(length: int, width: int) -> None:
    with pytest.raises(CodemillError):
        RecordLayout(length, width)


def test_errors_cross_process_borders() -> None:
    error = LAYOUT.corrupt("part-7", 3)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_tensorflow_and_protobuf_read_the_records(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    layout = RecordLayout(128)
    ids = np.random.default_rng(2).integers(0, layout.id_limit, (50, 129))
    ids[0] = 0
    ids[1] = layout.id_limit - 1
    path = tmp_path / "records.tfrecord"
    path.write_bytes(layout.encode(ids).tobytes())
    payloads = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    assert len(payloads) == 50
    fixed = {"text": tf.io.FixedLenFeature([129], tf.int64)}
    ragged = {"text": tf.io.VarLenFeature(tf.int64)}
    for payload, row in zip(payloads, ids, strict=True):
        assert (tf.io.parse_single_example(payload, fixed)["text"].numpy() == row).all()
        assert (tf.io.parse_single_example(payload, ragged)["text"].values.numpy() == row).all()
        assert tf.train.Example.FromString(payload).features.feature["text"].int64_list.value == row.tolist()
    assert (tf.io.parse_example(payloads, fixed)["text"].numpy() == ids).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_pipelines_of_other_trainers_read_the_records(tmp_path: Path) -> None:
    """JaxFormer's way: a dataset of files, parsed as a sparse feature and made dense; one by one and in batches."""
    tf = pytest.importorskip("tensorflow")
    ids = np.random.default_rng(4).integers(0, LAYOUT.id_limit, (23, 9))
    path = tmp_path / "records.tfrecord"
    path.write_bytes(LAYOUT.encode(ids).tobytes())
    sparse = {"text": tf.io.VarLenFeature(tf.int64)}
    fixed = {"text": tf.io.FixedLenFeature([9], tf.int64)}
    files = tf.data.TFRecordDataset([str(path)])
    ways = {
        "dense": files.map(
            lambda record: tf.sparse.to_dense(tf.sparse.reorder(tf.io.parse_single_example(record, sparse)["text"]))
        ),
        "values": files.map(lambda record: tf.io.parse_single_example(record, sparse)["text"].values),
        "fixed": files.map(lambda record: tf.io.parse_single_example(record, fixed)["text"]),
    }
    ways = {name: way.batch(7) for name, way in ways.items()}
    batched = files.batch(7)
    ways["batched dense"] = batched.map(
        lambda records: tf.sparse.to_dense(tf.io.parse_example(records, sparse)["text"])
    )
    ways["batched fixed"] = batched.map(lambda records: tf.io.parse_example(records, fixed)["text"])
    for name, way in ways.items():
        assert np.array_equal(np.concatenate(list(way.as_numpy_iterator())), ids), name
