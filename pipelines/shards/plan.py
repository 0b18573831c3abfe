"""How many shards each split gets, and which of them a document belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.config import ShardConfig
from schemas.keyed_hash import keyed_hash
from schemas.manifest import TRAIN_SPLIT

SHARDS_PER_HOST = 10
"""At least so many shards per host, so that file-based loaders can interleave."""


@dataclass(frozen=True)
class PlannedSplit:
    """One split's shards: `first` is the number of its first shard among all shards of the build."""

    stage: str
    split: str
    shards: int
    first: int
    feeds_hosts: int

    def name(self, index: int) -> str:
        """Path of a shard relative to the snapshot."""
        return f"shards/{self.stage}/{self.split}-{index:05d}-of-{self.shards:05d}.tfrecord"

    def provenance_name(self, index: int) -> str:
        """Path of a shard's provenance relative to the snapshot."""
        return f"provenance/{self.stage}/{self.split}-{index:05d}-of-{self.shards:05d}.parquet"

    def shard_of(self, seed: int, ids: np.ndarray) -> np.ndarray:
        """Shard index of each document by keyed hash of its id; uint8 [n, 16] -> int64 [n]."""
        hashes = keyed_hash(seed, f"shard:{self.stage}:{self.split}", ids)
        return (hashes % np.uint64(self.shards)).astype(np.int64)

    def order_of(self, seed: int, ids: np.ndarray) -> np.ndarray:
        """Position hash of each document within its shard; uint64 [n]."""
        return keyed_hash(seed, f"order:{self.stage}:{self.split}", ids)


def shard_count(shard_bytes_total: int, documents: int, config: ShardConfig) -> int:
    """Shards for a split of so many bytes.

    A multiple of the hosts with at least `SHARDS_PER_HOST` each when every shard then reaches the aimed size;
    otherwise as many shards of that size as the split fills, and at least one.
    """
    filled = max(1, shard_bytes_total // config.shard_bytes)
    if filled >= config.hosts * SHARDS_PER_HOST:
        return int(filled - filled % config.hosts)
    return int(min(filled, max(1, documents)))


def hosts_fed(shards: int, hosts: int) -> int:
    """The largest number of hosts up to `hosts` that get equal numbers of shards."""
    return next(h for h in range(min(hosts, shards), 0, -1) if shards % h == 0)


def plan_shards(
    totals: dict[str, dict[str, list[int]]], config: ShardConfig, record_bytes: int
) -> tuple[PlannedSplit, ...]:
    """Plan every split.

    Args:
        totals: stage -> split -> [documents, document tokens].
        config: aimed shard size and hosts.
        record_bytes: bytes of one record of `context_length` + 1 ids.
    """
    planned: list[PlannedSplit] = []
    first = 0
    for stage, stage_splits in totals.items():
        for split in sorted(stage_splits, key=lambda name: (name != TRAIN_SPLIT, name)):
            documents, tokens = stage_splits[split]
            if not documents:
                continue
            size = -(-(tokens + documents) // config.context_length) * record_bytes
            shards = shard_count(size, documents, config)
            planned.append(PlannedSplit(stage, split, shards, first, hosts_fed(shards, config.hosts)))
            first += shards
    return tuple(planned)
