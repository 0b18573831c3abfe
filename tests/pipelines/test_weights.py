from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from codemill.explain.answer import explain
from codemill.report.mixture import mixture
from codemill.verify.snapshot import verify_snapshot
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.tokens.tokenise import epochs_of
from schemas.config import BuildConfig
from schemas.manifest import Manifest, load_manifest
from schemas.sources import PileSource
from tests.corpus import prose_text
from tests.pipelines.test_build import Passes

WEIGHTS = {"Books": 2.5, "Never": 0, "Half": 0.5}
DOCUMENTS = 120


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    path = tmp_path_factory.mktemp("pile") / "00.jsonl"
    names = ["Books", "Never", "Half", "Plain"]
    lines = []
    for i in range(DOCUMENTS):
        line = json.dumps({"text": prose_text(i), "meta": {"pile_set_name": names[i % 4]}}) + "\n"
        lines += [line] * (2 if i % 4 == 0 else 1)
    path.write_text("".join(lines))
    return BuildConfig.model_validate(
        {
            "name": "weighted",
            "sources": {"pile": {"kind": "pile_jsonl", "paths": [str(path)], "filters": "none", "weights": WEIGHTS}},
            "stages": {"nl": {"sources": ["pile"]}},
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 400},
            "shards": {"context_length": 32, "hosts": 2, "shard_bytes": 20_000, "validation_share": 0.1},
        }
    )


@pytest.fixture(scope="module")
def snapshot(config: BuildConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("built") / "snapshot"
    build(config, str(output), Runner(1, Silence()))
    return output


@pytest.fixture(scope="module")
def manifest(snapshot: Path) -> Manifest:
    return load_manifest(str(snapshot))


def placements(snapshot: Path, manifest: Manifest, split: str) -> Counter[tuple[bytes, int]]:
    found: Counter[tuple[bytes, int]] = Counter()
    for path in snapshot.glob(f"provenance/nl/{split}-*.parquet"):
        found.update((row["id"], row["copy"]) for row in pq.read_table(path).to_pylist())
    return found


def documents(snapshot: Path, manifest: Manifest) -> list[dict[str, object]]:
    tables = [pq.read_table(snapshot / name) for name in manifest.tables]
    return [row for row in pa.concat_tables(tables).to_pylist() if row["outcome"] == "kept"]


def test_each_copy_is_placed_once(snapshot: Path, manifest: Manifest) -> None:
    rows = documents(snapshot, manifest)
    expected = Counter((row["id"], copy) for row in rows if row["split"] == "train" for copy in range(row["epochs"]))  # type: ignore[call-overload]
    assert placements(snapshot, manifest, "train") == expected
    assert max(copy for _, copy in expected) == 2


def test_weights_say_how_often(snapshot: Path, manifest: Manifest) -> None:
    rows = [row for row in documents(snapshot, manifest) if row["split"] == "train"]
    seen = {
        name: [row["epochs"] for row in rows if row["subset"] == name] for name in ("Plain", "Never", "Half", "Books")
    }
    assert set(seen["Plain"]) == {1} and set(seen["Never"]) == {0}
    assert set(seen["Half"]) == {0, 1} and set(seen["Books"]) == {2, 3}


def test_what_is_held_out_is_placed_once(snapshot: Path, manifest: Manifest) -> None:
    held_out = [row for row in documents(snapshot, manifest) if row["split"] != "train"]
    assert held_out
    assert all(row["epochs"] == (row["subset"] != "Never") for row in held_out)


def test_the_ledger_counts_documents_once_and_places_as_often(snapshot: Path, manifest: Manifest) -> None:
    (row,) = manifest.ledger.sources
    rows = documents(snapshot, manifest)
    assert row.outcomes["kept"].documents == len(rows) == DOCUMENTS
    assert row.placements == sum(int(str(r["epochs"])) for r in rows) != DOCUMENTS
    assert verify_snapshot(str(snapshot), 1).problems == ()


def test_copies_in_the_input_are_recognised(snapshot: Path, manifest: Manifest) -> None:
    copies = {subset.name: subset.copies for subset in mixture(str(snapshot), manifest)}
    assert copies == {"Books": 2, "Never": 1, "Half": 1, "Plain": 1}


def test_shares_add_up(snapshot: Path, manifest: Manifest) -> None:
    subsets = mixture(str(snapshot), manifest)
    assert sum(s.share_before for s in subsets) == pytest.approx(1)
    assert sum(s.share_after for s in subsets) == pytest.approx(1)
    assert {s.name for s in subsets if s.share_after == 0} == {"Never"}


def test_explain_finds_every_copy(snapshot: Path, manifest: Manifest) -> None:
    rows = documents(snapshot, manifest)
    thrice = next(row for row in rows if row["epochs"] == 3)
    never = next(row for row in rows if row["epochs"] == 0)
    assert sum("stream position" in line for line in explain(str(snapshot), f"00.jsonl/{thrice['path']}")) == 3
    assert any("weight" in line for line in explain(str(snapshot), f"00.jsonl/{never['path']}"))


def test_another_weight_repeats_only_what_follows(config: BuildConfig, tmp_path: Path) -> None:
    output = str(tmp_path / "snapshot")
    build(config, output, Runner(1, Silence()))
    heavier = config.sources["pile"].model_copy(update={"weights": {"Plain": 2.0}})
    build(config.model_copy(update={"sources": {"pile": heavier}}), output, Runner(1, passes := Passes()))
    assert passes.ran == ["tokenise", "shard", "publish", "index"]


def test_the_fraction_is_met_on_average() -> None:
    count = 20_000
    ids = pa.array([i.to_bytes(16, "little") for i in range(count)], pa.binary(16))
    table = pa.table({"id": pa.chunked_array([ids]), "subset": ["a"] * count})
    split = pa.array(["train"] * count)
    epochs = epochs_of(table, split, {"a": 1.25}, seed=1)
    assert set(np.unique(epochs)) == {1, 2}
    assert epochs.mean() == pytest.approx(1.25, abs=0.01)
    assert (epochs_of(table, split, {"a": 1.75}, seed=1) >= epochs).all()


@pytest.mark.parametrize("weight", [-1, 101, float("nan"), "x"])
def test_other_weights_are_refused(weight: object) -> None:
    with pytest.raises(ValidationError):
        PileSource.model_validate({"kind": "pile_jsonl", "paths": ["x"], "weights": {"a": weight}})
