"""One split of a snapshot's stage as a single list of records over all its shards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.manifest import Split
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from storage.files import join


class SplitRecords:
    """Records 0 .. len - 1 of a split, in the manifest's order of shards; shards open when first read."""

    def __init__(self, snapshot: str, split: Split, layout: RecordLayout) -> None:
        self._snapshot = snapshot
        self._shards = split.shards
        self._layout = layout
        self._starts = np.cumsum([0] + [shard.records for shard in split.shards])
        self._readers: dict[int, ShardReader] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def read(self, records: NDArray[np.int64]) -> NDArray[np.int32]:
        """Ids of the records, int32 [n, context_length + 1], in the order asked for.

        Raises:
            CorruptRecord: naming the shard and the record in it.
        """
        shards = np.searchsorted(self._starts, records, side="right") - 1
        ids = np.empty((len(records), self._layout.ids_per_record), np.int32)
        for shard in np.unique(shards):
            chosen = shards == shard
            ids[chosen] = self._reader(int(shard)).read(records[chosen] - self._starts[shard])
        return ids

    def _reader(self, shard: int) -> ShardReader:
        if shard not in self._readers:
            entry = self._shards[shard]
            self._readers[shard] = ShardReader(join(self._snapshot, entry.name), self._layout, entry.records)
        return self._readers[shard]
