from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.duplicates.compared import ComparedBlock, Ranking, keys_of, read_columns, rows_of, words
from pipelines.tables import write_table
from tests.pipelines.duplicates.corpora import corpus_config

ORIGINS = ({"new": 2, "newer": 3}, {"first": 0}, {"second": 1})


def table(source: str) -> pa.Table:
    return pa.table(
        {
            "id": pa.array([bytes(range(16)), b"b" * 16], pa.binary(16)),
            "source": [source] * 2,
            "license": ["mit", None],
            "stars": pa.array([0, 7], pa.int32()),
            "bytes": [10, 20],
        }
    )


def test_sources_of_earlier_snapshots_rank_first() -> None:
    ranking = Ranking(ORIGINS, ORIGINS)
    blocks = [ComparedBlock(3, "", "", origin) for origin in range(3)]
    best = [ranking.ranks(b, table(s), np.arange(2)) for b, s in zip(blocks, ("new", "first", "second"), strict=True)]
    assert best[1][1].max() < best[2][1].min() < best[0][1].min()
    keys, _, ids = best[0]
    assert keys.tolist() == [3 << 32, 3 << 32 | 1]
    assert ids[0] == int.from_bytes(bytes(range(8)), "little")
    assert [len(part) for part in ranking.ranks(blocks[0], table("new"), np.arange(0))] == [0, 0, 0]


def test_stages_are_compared_apart_unless_the_corpus_is_the_scope(tmp_path: Path) -> None:
    config = corpus_config(tmp_path, {"one": 1, "two": 2})
    stages = {"nl": config.stages["nl"].model_copy(update={"sources": ("one",)})}
    stages["mono"] = config.stages["nl"].model_copy(update={"sources": ("two",)})
    apart = config.model_copy(update={"stages": stages})
    scopes = Ranking.of(apart, ()).scopes[0]
    assert scopes["one"] != scopes["two"]
    together = apart.model_copy(update={"dedup": config.dedup.model_copy(update={"scope": "corpus"})})
    assert set(Ranking.of(together, ()).scopes[0].values()) == {0}


def test_columns_come_from_the_file_that_holds_them(tmp_path: Path) -> None:
    write_table(str(tmp_path / "table"), table("one"))
    write_table(str(tmp_path / "prints"), pa.table({"text": pa.array([b"x", b"y"], pa.large_binary())}))
    block = ComparedBlock(0, str(tmp_path / "table"), str(tmp_path / "prints"), 1)
    read = read_columns(block, ["id", "text"])
    assert read["text"].to_pylist() == [b"x", b"y"] and read["id"].to_pylist()[1] == b"b" * 16


def test_keys_hold_block_and_row() -> None:
    rows = np.array([0, 5, 2**32 - 1])
    assert rows_of(keys_of(7, rows)).tolist() == rows.tolist()
    assert words(pa.chunked_array([pa.array([], pa.binary(16))])).shape == (0, 2)
