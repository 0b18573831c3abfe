"""The steps of the deduplicate job: each turns arrays into arrays through the pure functions of `dedup`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from buffers.texts import Texts
from dedup.bands import band_keys
from dedup.candidates import candidate_pairs
from dedup.exact import exact_duplicates
from dedup.licenses import license_ranks
from dedup.rank import rank_order
from dedup.shingles import shingle_sets
from dedup.survivors import survivors
from dedup.verify import verify
from pipelines.blobs import BAND_ROW, DROP_ROW, EXACT_ROW, PAIR_ROW, join_blobs, rows, split_by
from pipelines.harvest import Block
from pipelines.tables import read_table, write_table
from pipelines.workspace import Dataset, write_json
from schemas.config import DedupConfig, NearConfig
from schemas.documents import DUPLICATE_SCHEMA
from schemas.reasons import Outcome

PAIR_BUCKETS = 64
"""Groups of candidate pairs verified together; a document's shingle set goes to each group that needs it."""

Blob = tuple[int, bytes]
RANK_COLUMNS = ("id", "verdict", "license", "stars", "bytes")


class _Ranked(beam.DoFn):
    """What the steps that rank documents know: the scope, the order of stages and of sources."""

    def __init__(self, config: DedupConfig, stages: list[str], priorities: dict[str, int], partitions: int) -> None:
        self._config = config
        self._stages = stages
        self._priorities = priorities
        self._partitions = partitions

    def _scope(self, block: Block) -> np.uint64:
        """A constant per set of documents that are compared: hashes of other sets never meet."""
        scope = self._stages.index(block.stage) if self._config.scope == "stage" else 0
        return np.uint64(scope * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)

    def _ranks(self, block: Block, table: pa.Table, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(keys, order, id words) of the rows `kept` of a block."""
        order = rank_order(
            self._priorities[block.source],
            license_ranks(table["license"])[kept],
            table["stars"].to_numpy()[kept],
            table["bytes"].to_numpy()[kept],
        )
        keys = np.uint64(block.ordinal << 32) | kept.astype(np.uint64)
        return keys, order, _words(table["id"])[kept, 0].astype(np.uint64)


class ExactRows(_Ranked):
    """(ordinal, block) -> (hash range, exact rows) of the documents that passed the filters."""

    def process(self, element: tuple[int, Block]) -> Iterator[Blob]:
        block = element[1]
        table = read_table(block.path, [*RANK_COLUMNS, "sha256"])
        kept = np.flatnonzero(table["verdict"].to_numpy(zero_copy_only=False) == "")
        keys, order, ids = self._ranks(block, table, kept)
        hashes = _words(table["sha256"])[kept]
        first = hashes[:, 0] ^ self._scope(block)
        found = rows(EXACT_ROW, hash_0=first, hash_1=hashes[:, 1], key=keys, order=order, id=ids)
        yield from split_by(_range_of(first, self._partitions), found)


class ExactDrops(beam.DoFn):
    """(hash range, exact rows) -> (block ordinal, drops)."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Blob]:
        found = join_blobs(EXACT_ROW, element[1])
        hashes = np.stack([found["hash_0"], found["hash_1"]], axis=1)
        dropped, kept = exact_duplicates(hashes, found["key"], found["order"], found["id"])
        one = np.ones(len(dropped))
        drops = rows(DROP_ROW, key=dropped, kept_key=kept, jaccard=one, containment=one)
        yield from split_by(dropped >> np.uint64(32), drops)


class BandRows(_Ranked):
    """(ordinal, block and its exact drops) -> (band and key range, band rows) of the remaining documents."""

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Blob]:
        near = self._config.near
        assert near is not None
        block = _only(element[1]["block"])
        table = read_table(block.path, [*RANK_COLUMNS, "signature"])
        alive = table["signature"].is_valid().to_numpy()
        alive[_rows_of(join_blobs(DROP_ROW, element[1]["exact"])["key"])] = False
        kept = np.flatnonzero(alive)
        if not len(kept):
            return
        keys, order, ids = self._ranks(block, table, kept)
        bins = np.frombuffer(b"".join(table["signature"].take(pa.array(kept)).to_pylist()), "<u4")
        bands = band_keys(bins.reshape(len(kept), -1), near.bands, near.rows) ^ self._scope(block)
        for band in range(near.bands):
            column = np.ascontiguousarray(bands[:, band])
            found = rows(BAND_ROW, band_key=column, key=keys, order=order, id=ids)
            for part, blob in split_by(_range_of(column, self._partitions), found):
                yield band * self._partitions + part, blob


class CandidatePairs(beam.DoFn):
    """(band and key range, band rows) -> (pair bucket, pairs), requests for shingle sets, and counts."""

    def __init__(self, bucket_cap: int) -> None:
        self._bucket_cap = bucket_cap

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        found = join_blobs(BAND_ROW, element[1])
        higher, lower, stats = candidate_pairs(
            found["band_key"], found["key"], found["order"], found["id"], self._bucket_cap
        )
        yield beam.pvalue.TaggedOutput("counts", ("candidate_pairs", len(higher)))
        yield beam.pvalue.TaggedOutput("counts", ("capped_buckets", int(stats.capped_buckets)))
        yield beam.pvalue.TaggedOutput("counts", ("largest_bucket", int(stats.largest_bucket)))
        if not len(higher):
            return
        by_key = np.argsort(found["key"], kind="stable")
        ranked = found[by_key]
        high = ranked[np.searchsorted(ranked["key"], higher)]
        low = ranked[np.searchsorted(ranked["key"], lower)]
        pairs = rows(
            PAIR_ROW,
            higher=higher,
            lower=lower,
            higher_order=high["order"],
            higher_id=high["id"],
            lower_order=low["order"],
            lower_id=low["id"],
        )
        buckets = high["id"] % np.uint64(PAIR_BUCKETS)
        yield from split_by(buckets, pairs)
        wanted = np.unique(np.stack([np.r_[higher, lower], np.r_[buckets, buckets]], axis=1), axis=0)
        for block, blob in split_by(wanted[:, 0] >> np.uint64(32), wanted):
            yield beam.pvalue.TaggedOutput("requests", (block, blob))


class ShingleSets(beam.DoFn):
    """(ordinal, block and requests) -> (pair bucket, (keys, offsets, shingles)) of the requested documents."""

    def process(
        self, element: tuple[int, dict[str, Iterable[Any]]]
    ) -> Iterator[tuple[int, tuple[bytes, bytes, bytes]]]:
        wanted = np.frombuffer(b"".join(element[1]["requests"]), "<u8").reshape(-1, 2)
        if not len(wanted):
            return
        wanted = np.unique(wanted, axis=0)
        keys = np.unique(wanted[:, 0])
        block = _only(element[1]["block"])
        texts = Texts.from_arrow(read_table(block.path, ["text"])["text"].take(pa.array(_rows_of(keys))))
        values, offsets = shingle_sets(texts, np.arange(len(keys)))
        for bucket in np.unique(wanted[:, 1]):
            members = np.searchsorted(keys, wanted[wanted[:, 1] == bucket, 0])
            parts = [values[offsets[m] : offsets[m + 1]] for m in members]
            lengths = np.array([len(part) for part in parts], np.int64)
            yield int(bucket), (keys[members].tobytes(), lengths.tobytes(), np.concatenate(parts).tobytes())


class VerifiedPairs(beam.DoFn):
    """(pair bucket, pairs and sets) -> (0, verified pairs): exact similarity of the shingle sets decides."""

    def __init__(self, config: NearConfig) -> None:
        self._config = config

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        pairs = np.unique(join_blobs(PAIR_ROW, element[1]["pairs"]))
        if not len(pairs):
            return
        keys, offsets, values = _join_sets(element[1]["sets"])
        left = np.searchsorted(keys[0], pairs["higher"])
        right = np.searchsorted(keys[0], pairs["lower"])
        jaccard, containment = verify(values, offsets, keys[1][left], keys[1][right])
        similar = jaccard >= self._config.jaccard
        if self._config.containment is not None:
            sizes = np.diff(offsets)
            longer = sizes[keys[1][left]] >= sizes[keys[1][right]]
            similar |= (containment >= self._config.containment) & longer
        yield beam.pvalue.TaggedOutput("counts", ("distinct_pairs", len(pairs)))
        yield beam.pvalue.TaggedOutput("counts", ("verified_pairs", int(similar.sum())))
        verified = pairs.copy()
        verified["jaccard"], verified["containment"] = jaccard, containment
        yield 0, verified[similar].tobytes()


class NearDrops(beam.DoFn):
    """(0, all verified pairs) -> (block ordinal, drops): one pass in rank order over edges held in memory."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Blob]:
        edges = join_blobs(PAIR_ROW, element[1])
        keys, first = np.unique(np.r_[edges["higher"], edges["lower"]], return_index=True)
        order = np.r_[edges["higher_order"], edges["lower_order"]][first]
        ids = np.r_[edges["higher_id"], edges["lower_id"]][first]
        found = survivors(edges["higher"], edges["lower"], edges["jaccard"], keys, order, ids)
        drops = rows(
            DROP_ROW,
            key=found.dropped,
            kept_key=found.kept,
            jaccard=edges["jaccard"][found.edge],
            containment=edges["containment"][found.edge],
        )
        yield from split_by(found.dropped >> np.uint64(32), drops)


class WriteDuplicates(beam.DoFn):
    """(ordinal, block and drops) -> the block's duplicates file; emits nothing."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[None]:
        ordinal, found = element
        parts = []
        for name, outcome in (("exact", Outcome.EXACT_DUPLICATE), ("near", Outcome.NEAR_DUPLICATE)):
            drops = join_blobs(DROP_ROW, found.get(name, ()))
            columns = [
                drops["key"],
                drops["kept_key"],
                pa.array([outcome.value] * len(drops), pa.string()),
                drops["jaccard"],
                drops["containment"],
            ]
            parts.append(pa.table(columns, DUPLICATE_SCHEMA))
        write_table(duplicates_path(self._dataset, ordinal), pa.concat_tables(parts).sort_by("key"))
        yield from ()


class WriteCounts(beam.DoFn):
    """(name, counts) -> a small file with their sum, or maximum for a `largest_`; counts from data, not metrics."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def process(self, element: tuple[str, Iterable[int]]) -> Iterator[None]:
        name, counts = element
        total = max(counts) if name.startswith("largest_") else sum(counts)
        write_json(self._dataset.path("counts", f"{name}.json"), total)
        yield from ()


def duplicates_path(dataset: Dataset, block: int) -> str:
    """Where a block's duplicates are."""
    return dataset.path("blocks", f"{block:06d}.parquet")


def _words(column: pa.ChunkedArray) -> np.ndarray:
    """Fixed-size binary [n] of w bytes -> uint64 [n, w // 8], little-endian."""
    array = column.combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) and array.num_chunks else array
    width = array.type.byte_width // 8
    if not len(array):
        return np.zeros((0, width), np.uint64)
    words = np.frombuffer(array.buffers()[1], "<u8").reshape(-1, width)
    return words[array.offset : array.offset + len(array)]


def _range_of(keys: np.ndarray, partitions: int) -> np.ndarray:
    """Which of `partitions` equal ranges of [0, 2**64) each key falls in."""
    return ((keys >> np.uint64(32)) * np.uint64(partitions)) >> np.uint64(32)


def _rows_of(keys: np.ndarray) -> np.ndarray:
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _only(values: Iterable[Any]) -> Any:
    (value,) = values
    return value


def _join_sets(
    parts: Iterable[tuple[bytes, bytes, bytes]],
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """((sorted keys, set number of each), offsets, shingles) of shipped sets; a set that came twice counts once."""
    arrived = list(parts)
    keys = np.frombuffer(b"".join(part[0] for part in arrived), "<u8")
    lengths = np.frombuffer(b"".join(part[1] for part in arrived), "<i8")
    values = np.frombuffer(b"".join(part[2] for part in arrived), "<u8")
    unique, first = np.unique(keys, return_index=True)
    return (unique, first), np.r_[0, np.cumsum(lengths)], values
