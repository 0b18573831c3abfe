import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.shards.plan import SHARDS_PER_HOST, PlannedSplit, hosts_fed, plan_shards, shard_count
from schemas.config import ShardConfig

CONFIG = ShardConfig(hosts=8, shard_bytes=1000)


@given(st.integers(0, 10**7), st.integers(1, 64))
def test_enough_text_gives_every_host_the_same_number_of_shards(size: int, hosts: int) -> None:
    config = ShardConfig(hosts=hosts, shard_bytes=1000)
    shards = shard_count(size, 10**9, config)
    if size >= hosts * SHARDS_PER_HOST * 1000:
        assert shards % hosts == 0 and shards >= hosts * SHARDS_PER_HOST
        assert 1000 <= size / shards < 1200
    else:
        assert shards == max(1, size // 1000)


def test_a_small_split_is_still_one_shard() -> None:
    assert shard_count(10, 3, CONFIG) == 1


def test_no_more_shards_than_documents_in_a_small_split() -> None:
    assert shard_count(5000, 2, CONFIG) == 2


@given(st.integers(1, 500), st.integers(1, 64))
def test_fed_hosts_divide_the_shards(shards: int, hosts: int) -> None:
    fed = hosts_fed(shards, hosts)
    assert shards % fed == 0 and fed <= hosts
    assert not any(shards % more == 0 for more in range(fed + 1, min(hosts, shards) + 1))


def test_shard_numbers_count_through_all_splits() -> None:
    totals = {"nl": {"validation-english": [2, 50], "train": [100, 5000]}, "mono": {"train": [1, 0], "x": [0, 0]}}
    planned = plan_shards(totals, ShardConfig(context_length=16, hosts=1, shard_bytes=1000), 68)
    assert [(p.stage, p.split) for p in planned] == [
        ("nl", "train"),
        ("nl", "validation-english"),
        ("mono", "train"),
    ]
    assert [p.first for p in planned] == list(np.cumsum([0] + [p.shards for p in planned])[:-1])


def test_documents_spread_evenly_over_shards() -> None:
    ids = np.random.default_rng(0).integers(0, 256, (8000, 16), np.uint8)
    counts = np.bincount(PlannedSplit("nl", "train", 8, 0, 1).shard_of(1, ids), minlength=8)
    assert counts.min() > 900 and counts.max() < 1100
