"""One split of a snapshot's stage as a single list of records over all its shards."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from schemas.manifest import Split
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from storage.files import join


class SplitRecords:
    """Records 0 .. len - 1 of a split, in the manifest's order of shards; shards open when first read.

    May be shared between threads, pickled, and used on both sides of a fork.
    """

    def __init__(self, snapshot: str, split: Split, layout: RecordLayout) -> None:
        self._snapshot = snapshot
        self._split = split
        self._layout = layout
        self._starts = np.cumsum([0] + [shard.records for shard in split.shards])
        self._readers: dict[tuple[int, int], ShardReader] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __reduce__(self) -> tuple[type[SplitRecords], tuple[str, Split, RecordLayout]]:
        return SplitRecords, (self._snapshot, self._split, self._layout)

    @property
    def ids_per_record(self) -> int:
        """Ids in one record: context length + 1."""
        return self._layout.ids_per_record

    def locate(self, record: int) -> tuple[str, int]:
        """The shard that holds a record, by its name in the snapshot, and the record's number in it."""
        shard = int(np.searchsorted(self._starts, record, side="right")) - 1
        return self._split.shards[shard].name, record - int(self._starts[shard])

    def read(self, records: NDArray[np.int64]) -> NDArray[np.int32]:
        """Ids of the records, int32 [n, context_length + 1], in the order asked for.

        Raises:
            CorruptRecord: naming the shard and the record in it.
        """
        ids = np.empty((records.size, self._layout.ids_per_record), np.int32)
        shards = np.searchsorted(self._starts, records, side="right") - 1
        by_shard = np.argsort(shards, kind="stable")
        ends = np.flatnonzero(np.diff(shards[by_shard], append=-1)) + 1
        start = 0
        for end in ends.tolist():
            places = by_shard[start:end]
            shard = int(shards[places[0]])
            self._reader(shard).read_into(records[places] - self._starts[shard], ids, places)
            start = end
        return ids

    def _reader(self, shard: int) -> ShardReader:
        # Keyed by process because the connections and threads behind a gs:// object do not survive a fork.
        key = os.getpid(), shard
        if key not in self._readers:
            entry = self._split.shards[shard]
            self._readers[key] = ShardReader(join(self._snapshot, entry.name), self._layout, entry.records)
        return self._readers[key]
