"""What compare_shards.py measures of writing and reading; each function of `WRITERS` and `READERS` is one system's way.

Ids are log-uniform below 50,257, so that varints of one, two and three bytes all occur, as in text.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.compare_filters import REPEATS, fastest
from benchmarks.measure_dedup import Result, metered
from loaders.batches import OrderedBatches
from loaders.grain_source import grain_batches
from loaders.ordered import OrderedRecords
from loaders.split import SplitRecords
from schemas.manifest import Shard, Split
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader, write_shard

CONTEXT = 2048
LAYOUT = RecordLayout(CONTEXT)
BATCH = 64
SHARDS = 4
VOCABULARY = 50_257
PIECE = 1 << 19
Ids = NDArray[np.int32]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def make_ids(records: int) -> Ids:
    """int32 [records, CONTEXT + 1], the same on every call."""
    random = np.random.default_rng(1)
    ids = np.empty((records, CONTEXT + 1), np.int32)
    for part in np.array_split(ids, max(1, records // 1000)):
        part[...] = VOCABULARY ** random.random(part.shape) - 1
    return ids


def write_ours(path: Path, ids: Ids) -> None:
    """SHA-256 and, on a disk, fsync included."""
    write_shard(str(path), LAYOUT, ids)


def write_examples(path: Path, ids: Ids) -> None:
    """An Example with an int64 list, as TensorFlow's guide writes them."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in ids:
            values = tf.train.Feature(int64_list=tf.train.Int64List(value=row.tolist()))
            example = tf.train.Example(features=tf.train.Features(feature={"text": values}))
            writer.write(example.SerializeToString())


def write_bytes_examples(path: Path, ids: Ids) -> None:
    """An Example with the int32 ids as one string of bytes: quicker, but readers must know of it."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in ids:
            values = tf.train.Feature(bytes_list=tf.train.BytesList(value=[row.tobytes()]))
            example = tf.train.Example(features=tf.train.Features(feature={"text": values}))
            writer.write(example.SerializeToString())


def write_array_record(path: Path, ids: Ids) -> None:
    """int32 ids, one record a chunk for random reads, not compressed."""
    from array_record.python.array_record_module import ArrayRecordWriter

    writer = ArrayRecordWriter(str(path), "group_size:1,uncompressed")
    for row in ids:
        writer.write(row.tobytes())
    writer.close()


WRITERS: dict[str, Callable[[Path, Ids], None]] = {
    "ours": write_ours,
    "examples": write_examples,
    "bytes": write_bytes_examples,
    "array_record": write_array_record,
}


def measure_writing(name: str, directory: str, records: int, sync: bool) -> Result:
    """Seconds of the fastest write of `records` records to a new file, which stays, and its bytes."""
    path, ids, write = Path(directory, name), make_ids(records), WRITERS[name]
    write(path, ids[:BATCH])  # loads kernels and libraries
    seconds = []
    for _ in range(REPEATS):
        path.unlink()
        begin = time.perf_counter()
        write(path, ids)
        if sync and name != "ours":
            with path.open("rb+") as file:
                os.fsync(file)
        seconds.append(time.perf_counter() - begin)
    return {"seconds": min(seconds), "bytes": path.stat().st_size}


def measure_parts(directory: str, records: int) -> Result:
    """Seconds that writing spends on encoding with CRCs, on SHA-256 and on the file, each alone."""
    path, ids = Path(directory, "parts"), make_ids(records)
    step = PIECE // LAYOUT.record_bytes
    pieces = [ids[start : start + step] for start in range(0, records, step)]
    encoded = LAYOUT.encode(pieces[0]).tobytes()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for _ in pieces:
                file.write(encoded)
        path.unlink()

    def encode() -> None:
        for piece in pieces:
            LAYOUT.encode(piece)

    def digest() -> None:
        total = hashlib.sha256()
        for _ in pieces:
            total.update(encoded)

    return {"encode": fastest(encode), "sha256": fastest(digest), "write": fastest(write)}


def measure_memory(directory: str, megabytes: int) -> Result:
    """Peak bytes that writing a shard takes beyond its ids, and its bytes."""
    path, ids = Path(directory, "memory"), make_ids(megabytes * 1_000_000 // LAYOUT.record_bytes)
    write_shard(str(path), LAYOUT, ids[:BATCH])
    found = metered(lambda: {"bytes": write_shard(str(path), LAYOUT, ids).bytes})
    path.unlink()
    return found


def write_split(directory: str, records: int) -> None:
    """The same ids as a split of several shards."""
    shutil.rmtree(Path(directory, "split"), ignore_errors=True)
    for number, part in enumerate(np.array_split(make_ids(records), SHARDS)):
        write_shard(str(Path(directory, "split", str(number))), LAYOUT, part)


def open_split(directory: Path, records: int) -> OrderedBatches:
    """Batches in the trainer's order of what `write_split` wrote."""
    sizes = [part.size for part in np.array_split(np.arange(records), SHARDS)]
    shards = tuple(Shard.model_construct(name=str(number), records=size) for number, size in enumerate(sizes))
    split = SplitRecords(str(directory / "split"), Split.model_construct(shards=shards), LAYOUT)
    return OrderedBatches(OrderedRecords(split, "", "mono", "train", 42, "mono", 1), BATCH)


def in_batches(read: Callable[[NDArray[np.int64]], Any], records: NDArray[np.int64]) -> Iterable[Any]:
    """What `read` gives for each batch of `records`."""
    return (read(records[start : start + BATCH]) for start in range(0, records.size - BATCH + 1, BATCH))


def shuffled(records: int) -> NDArray[np.int64]:
    """A random order."""
    return np.random.default_rng(2).permutation(records)


def parsed(path: Path, way: str) -> Any:
    """A tf.data dataset of batches of a TFRecord file."""
    import tensorflow as tf

    fixed = {"text": tf.io.FixedLenFeature([CONTEXT + 1], tf.int64)}
    text = {"text": tf.io.FixedLenFeature([], tf.string)}
    files = tf.data.TFRecordDataset(str(path))
    if way == "single":
        one = files.map(lambda record: tf.io.parse_single_example(record, fixed)["text"])
        return one.batch(BATCH, drop_remainder=True).prefetch(1).as_numpy_iterator()
    batches = files.batch(BATCH, drop_remainder=True)
    if way == "raw":
        whole = batches.map(lambda records: tf.io.decode_raw(tf.io.parse_example(records, text)["text"], tf.int32))
    else:
        whole = batches.map(lambda records: tf.io.parse_example(records, fixed)["text"])
    return whole.prefetch(1).as_numpy_iterator()


def array_records(directory: Path) -> Any:
    """A source of int32 bytes."""
    from array_record.python.array_record_data_source import ArrayRecordDataSource

    return ArrayRecordDataSource(str(directory / "array_record"))


def read_array_record(directory: Path, records: NDArray[np.int64]) -> Iterable[Any]:
    """Batches as int32 arrays."""
    source = array_records(directory)
    return in_batches(lambda part: np.stack([_ids(item) for item in source.__getitems__(part.tolist())]), records)


def _ids(item: bytes) -> Ids:
    return np.frombuffer(item, np.int32)


def grain_array_record(directory: Path, records: int) -> Iterable[Any]:
    """Grain's own way to read ArrayRecord in a random order."""
    import grain

    dataset = grain.MapDataset.source(array_records(directory)).shuffle(seed=42).map(_ids)
    batches = dataset.batch(BATCH, drop_remainder=True)
    options = grain.ReadOptions(num_threads=2, prefetch_buffer_size=4)
    found: Iterable[Any] = batches.to_iter_dataset(options)
    return found


def tensorflow_ours(directory: Path, records: int) -> Iterable[Any]:
    """Our adapter for tf.data."""
    from loaders.tensorflow_dataset import tensorflow_batches

    found: Iterable[Any] = tensorflow_batches(open_split(directory, records)).as_numpy_iterator()
    return found


def ours(directory: Path) -> Callable[[NDArray[np.int64]], Ids]:
    """Reads records of our shard."""
    return ShardReader(str(directory / "ours"), LAYOUT).read


def unchecked(directory: Path, records: int) -> Iterable[Any]:
    """Rows copied out of a mapped file of bare int32: the least that a reader must do."""
    rows = np.memmap(directory / "bare", np.int32, "r", shape=(records, CONTEXT + 1)).view(np.ndarray)
    return in_batches(lambda part: rows[part], shuffled(records))


READERS: dict[str, Callable[[Path, int], Iterable[Any]]] = {
    "ours sequential": lambda place, records: in_batches(ours(place), np.arange(records)),
    "ours random": lambda place, records: in_batches(ours(place), shuffled(records)),
    "ordered": lambda place, records: iter(open_split(place, records)),
    "ordered grain": lambda place, records: grain_batches(open_split(place, records)),
    "ordered tf": tensorflow_ours,
    "ours tf single": lambda place, records: parsed(place / "ours", "single"),
    "ours tf batched": lambda place, records: parsed(place / "ours", "batched"),
    "examples tf single": lambda place, records: parsed(place / "examples", "single"),
    "examples tf batched": lambda place, records: parsed(place / "examples", "batched"),
    "bytes tf": lambda place, records: parsed(place / "bytes", "raw"),
    "array_record sequential": lambda place, records: read_array_record(place, np.arange(records)),
    "array_record random": lambda place, records: read_array_record(place, shuffled(records)),
    "array_record grain": grain_array_record,
    "unchecked": unchecked,
}


def measure_reading(name: str, directory: str, records: int) -> Result:
    """Seconds of the fastest pass over all batches, after one that brings the file into memory; and a check sum."""
    total = 0

    def read() -> None:
        nonlocal total
        total = 0
        for batch in READERS[name](Path(directory), records):
            total += batch.shape[0] * (CONTEXT + 1) + int(batch[-1, -1])

    return {"seconds": fastest(read), "sum": total}
