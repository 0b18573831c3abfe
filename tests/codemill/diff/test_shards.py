from codemill.diff.shards import SplitShards, compare_shards
from schemas.manifest import Packing, Shard, Split, Stage
from tests.codemill.diff.made import made_manifest

PACKING = Packing(kind="concatenate", order="shuffled", stride=8, separator_id=1)


def stage(**shards: str) -> dict[str, Stage]:
    zeros = dict.fromkeys(("records", "bytes", "documents", "document_tokens", "rewritten", "separators", "padding"), 0)
    found = tuple(Shard(name=name, sha256=sha, **zeros) for name, sha in shards.items())
    return {"mono": Stage(splits={"train": Split(shards=found, packing=PACKING, feeds_hosts=1)})}


def test_shards_are_compared_by_name_and_hash() -> None:
    a, b = stage(one="1", two="2", three="3"), stage(one="1", two="9", four="3", five="5")
    found = compare_shards(made_manifest([], [], stages=a), made_manifest([], [], stages=b))
    assert found == (SplitShards("mono", "train", equal=1, changed=1, only_a=1, only_b=2),)


def test_a_stage_that_only_one_has_is_listed() -> None:
    found = compare_shards(made_manifest([], []), made_manifest([], [], stages=stage(one="1")))
    assert found == (SplitShards("mono", "train", equal=0, changed=0, only_a=0, only_b=1),)
