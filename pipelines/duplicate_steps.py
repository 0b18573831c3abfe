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
from pipelines.exchange import Exchange, Value
from pipelines.harvest import Block
from pipelines.tables import read_table, write_table
from pipelines.workspace import Dataset, write_json
from schemas.config import DedupConfig, NearConfig
from schemas.documents import DUPLICATE_SCHEMA
from schemas.errors import CheckFailed
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
    """(ordinal, block) -> (hash range, exact rows) of the documents that passed the filters, and counts."""

    def process(self, element: tuple[int, Block]) -> Iterator[Any]:
        block = element[1]
        table = read_table(block.path, [*RANK_COLUMNS, "sha256"])
        kept = np.flatnonzero(table["verdict"].to_numpy(zero_copy_only=False) == "")
        keys, order, ids = self._ranks(block, table, kept)
        hashes = _words(table["sha256"])[kept]
        first = hashes[:, 0] ^ self._scope(block)
        found = rows(EXACT_ROW, hash_0=first, hash_1=hashes[:, 1], key=keys, order=order, id=ids)
        yield _count("exact_blocks", 1)
        yield _count("exact_rows_sent", len(found))
        yield from split_by(_range_of(first, self._partitions), found)


class ExactDrops(beam.DoFn):
    """(hash range, exact rows) -> (block ordinal, drops), and counts."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        found = join_blobs(EXACT_ROW, element[1])
        hashes = np.stack([found["hash_0"], found["hash_1"]], axis=1)
        dropped, kept = exact_duplicates(hashes, found["key"], found["order"], found["id"])
        one = np.ones(len(dropped))
        drops = rows(DROP_ROW, key=dropped, kept_key=kept, jaccard=one, containment=one)
        yield _count("exact_rows", len(found))
        yield _count("drops_sent", len(drops))
        yield from split_by(dropped >> np.uint64(32), drops)


class BandRows(_Ranked):
    """(ordinal, block and its exact drops) -> (band and key range, band rows) of the remaining documents; counts."""

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
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
            yield _count("band_rows_sent", len(found))
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
        yield _count("band_rows", len(found))
        yield _count("candidate_pairs", len(higher))
        yield _count("capped_buckets", stats.capped_buckets)
        yield _count("largest_bucket", stats.largest_bucket)
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
    """(ordinal, block and requests) -> (pair bucket, (keys, lengths, shingles)) of the requested documents."""

    def __init__(self, values: Exchange) -> None:
        self._values = values

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        wanted = np.frombuffer(b"".join(element[1]["requests"]), "<u8").reshape(-1, 2)
        if not len(wanted):
            return
        wanted = np.unique(wanted, axis=0)
        keys = np.unique(wanted[:, 0])
        block = _only(element[1]["block"])
        texts = Texts.from_arrow(read_table(block.path, ["text"])["text"].take(pa.array(_rows_of(keys))))
        values, offsets = shingle_sets(texts, np.arange(len(keys)))
        buckets = np.unique(wanted[:, 1])
        members = [np.searchsorted(keys, wanted[wanted[:, 1] == bucket, 0]) for bucket in buckets]
        sets = self._values.put(
            f"{block.ordinal:06d}",
            [np.concatenate([values[offsets[m] : offsets[m + 1]] for m in part]) for part in members],
        )
        for bucket, part, value in zip(buckets, members, sets, strict=True):
            yield int(bucket), (keys[part].tobytes(), np.diff(offsets)[part].tobytes(), value)


class VerifiedPairs(beam.DoFn):
    """(pair bucket, pairs and sets) -> (0, verified pairs): exact similarity of the shingle sets decides."""

    def __init__(self, config: NearConfig) -> None:
        self._config = config

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        arrived = join_blobs(PAIR_ROW, element[1]["pairs"])
        yield _count("pairs", len(arrived))
        pairs = np.unique(arrived)
        if not len(pairs):
            return
        keys, offsets, values = _join_sets(element[1]["sets"])
        if len(np.setdiff1d(np.r_[pairs["higher"], pairs["lower"]], keys[0])):
            raise CheckFailed("deduplicate: the runner lost shingle sets", "run the build again")
        left = np.searchsorted(keys[0], pairs["higher"])
        right = np.searchsorted(keys[0], pairs["lower"])
        jaccard, containment = verify(values, offsets, keys[1][left], keys[1][right])
        similar = jaccard >= self._config.jaccard
        if self._config.containment is not None:
            sizes = np.diff(offsets)
            longer = sizes[keys[1][left]] >= sizes[keys[1][right]]
            similar |= (containment >= self._config.containment) & longer
        yield _count("distinct_pairs", len(pairs))
        yield _count("verified_pairs", similar.sum())
        verified = pairs.copy()
        verified["jaccard"], verified["containment"] = jaccard, containment
        yield 0, verified[similar].tobytes()


class NearDrops(beam.DoFn):
    """(0, all verified pairs) -> (block ordinal, drops), and counts: one pass in rank order over edges in memory."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
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
        yield _count("edges", len(edges))
        yield _count("drops_sent", len(drops))
        yield from split_by(found.dropped >> np.uint64(32), drops)


class WriteDuplicates(beam.DoFn):
    """(ordinal, block and drops) -> the block's duplicates file; emits counts."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, int]]:
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
        table = pa.concat_tables(parts).sort_by("key")
        write_table(duplicates_path(self._dataset, ordinal), table)
        yield "written_blocks", len(list(found["block"]))
        yield "written_drops", table.num_rows


class WriteCounts(beam.DoFn):
    """(name, counts) -> a small file with their sum, or maximum for a `largest_`; counts from data, not metrics."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def process(self, element: tuple[str, Iterable[int]]) -> Iterator[None]:
        name, counts = element
        total = max(counts) if name.startswith("largest_") else sum(counts)
        write_json(self._dataset.path("counts", f"{name}.json"), total)
        yield from ()


def _count(name: str, value: int) -> Any:
    """An element of the output `counts`."""
    return beam.pvalue.TaggedOutput("counts", (name, int(value)))


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
    parts: Iterable[tuple[bytes, bytes, Value]],
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """((sorted keys, set number of each), offsets, shingles) of shipped sets; a set that came twice counts once."""
    arrived = list(parts)
    keys = np.frombuffer(b"".join(part[0] for part in arrived), "<u8")
    lengths = np.frombuffer(b"".join(part[1] for part in arrived), "<i8")
    values = np.frombuffer(b"".join(Exchange.get(part[2]) for part in arrived), "<u8")
    unique, first = np.unique(keys, return_index=True)
    return (unique, first), np.r_[0, np.cumsum(lengths)], values
