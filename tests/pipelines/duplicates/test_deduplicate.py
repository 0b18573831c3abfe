from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines.tables import read_table
from schemas.documents import split_key
from schemas.errors import CheckFailed
from tests.dedup import plain
from tests.pipelines.duplicates.corpora import corpus_config, ids_and_texts, run

NEAR = {"jaccard": 0.7, "bucket_cap": 4}


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[dict[str, Any]]]:
    root = tmp_path_factory.mktemp("memory")
    return run(corpus_config(root, {"one": 1, "two": 2}, near=NEAR), root / "work")


def test_every_drop_is_proved_by_plain_code(in_memory: tuple[Any, list[dict[str, Any]]]) -> None:
    found, drops = in_memory
    texts = ids_and_texts(block.path for block in found.blocks)
    ids = {block.ordinal: read_table(block.path, ["id"])["id"].to_pylist() for block in found.blocks}
    dropped_near = {row["key"] for row in drops if row["kind"] == "near_duplicate"}
    kinds = Counter(row["kind"] for row in drops)
    assert kinds["exact_duplicate"] > 5 and kinds["near_duplicate"] > 20
    for row in drops:
        key, kept = split_key(row["key"]), split_key(row["kept_key"])
        assert ids[kept[0]][kept[1]] == row["kept_id"]
        one, other = texts[ids[key[0]][key[1]]], texts[row["kept_id"]]
        if row["kind"] == "exact_duplicate":
            assert one == other
            continue
        assert row["kept_key"] not in dropped_near  # a dropped document proves nothing
        lower, higher = set(plain.shingles(one)), set(plain.shingles(other))
        jaccard, containment = len(lower & higher) / len(lower | higher), len(lower & higher) / len(lower)
        assert row["jaccard"] == pytest.approx(jaccard) and row["containment"] == pytest.approx(containment)
        assert jaccard >= 0.7 or (containment >= 0.95 and len(higher) >= len(lower))


def test_many_ranges_of_band_keys_give_the_same_duplicates(
    in_memory: tuple[Any, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.duplicates.compare.ROWS_PER_PARTITION", 500)
    assert run(corpus_config(tmp_path, {"one": 1, "two": 2}, near=NEAR), tmp_path / "work")[1] == in_memory[1]


@pytest.mark.slow
def test_rounds_give_the_same_duplicates(in_memory: tuple[Any, list[dict[str, Any]]], tmp_path: Path) -> None:
    config = corpus_config(tmp_path, {"one": 1, "two": 2}, near={**NEAR, "pairs_in_memory": 0})
    _, drops = run(config, tmp_path / "work")
    assert drops == in_memory[1]
    (marker,) = (tmp_path / "work").glob("deduplicate-*/done.json")
    assert '"rounds":0' not in marker.read_text()


def test_a_large_loss_fails_the_build_and_names_the_cluster(tmp_path: Path) -> None:
    config = corpus_config(tmp_path, {"one": 1, "two": 2}, near=NEAR, largest_loss=0.4)
    with pytest.raises(CheckFailed, match=r"source 'two' loses \d+\.\d% of its \d+ documents.*like one: ") as e:
        run(config, tmp_path / "work")
    assert "largest_loss" in (e.value.remedy or "")
    # Another threshold does not repeat the search.
    before = sorted((tmp_path / "work").rglob("*.parquet"))
    run(config.model_copy(update={"dedup": config.dedup.model_copy(update={"largest_loss": 1.0})}), tmp_path / "work")
    assert sorted((tmp_path / "work").rglob("*.parquet")) == before


def test_exact_deduplication_alone(tmp_path: Path) -> None:
    _, drops = run(corpus_config(tmp_path, {"one": 1, "two": 2}, near=None), tmp_path / "work")
    assert {row["kind"] for row in drops} == {"exact_duplicate"}
