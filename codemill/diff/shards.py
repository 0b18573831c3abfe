"""Which shards of two snapshots are equal to the byte."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.manifest import Manifest


@dataclass(frozen=True)
class SplitShards:
    """The shards of one split, by name and SHA-256."""

    stage: str
    split: str
    equal: int
    changed: int
    only_a: int
    only_b: int


def compare_shards(a: Manifest, b: Manifest) -> tuple[SplitShards, ...]:
    """All splits of both snapshots, by stage and split."""
    old, new = _shards(a), _shards(b)
    found = []
    for stage, split in sorted({*old, *new}):
        one, other = old.get((stage, split), {}), new.get((stage, split), {})
        both = one.keys() & other.keys()
        equal = sum(one[name] == other[name] for name in both)
        found.append(
            SplitShards(stage, split, equal, len(both) - equal, len(one.keys() - both), len(other.keys() - both))
        )
    return tuple(found)


def _shards(manifest: Manifest) -> dict[tuple[str, str], dict[str, str]]:
    return {
        (stage, name): {shard.name: shard.sha256 for shard in split.shards}
        for stage, entry in manifest.stages.items()
        for name, split in entry.splits.items()
    }
