"""Snapshots whose stages pack in every way: whole by `verify`, readable back to the byte, the same on any runner."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codemill.explain.answer import explain
from codemill.verify.snapshot import verify_snapshot
from pipelines.tokens.links import repository_order
from pipelines.workspace import work_directory
from schemas.config import BuildConfig
from schemas.documents import LINKS_SCHEMA
from schemas.manifest import Manifest, Split, load_manifest
from schemas.record_layout import RecordLayout
from schemas.shard_file import ShardReader
from tests.corpus import write_corpus
from tests.pipelines.test_build import ShufflesEverything, build_quietly, hashes
from tokenization.load import load_tokenizer
from tokenization.packing.records import Form, record_order

WAYS: dict[str, dict[str, Any]] = {
    "best_fit": {"packing": "best_fit"},
    "middle": {"fill_in_the_middle": {"rate": 0.6}},
    "middle_best_fit": {"packing": "best_fit", "fill_in_the_middle": {"rate": 0.6, "spm_share": 0.2}},
    "repository": {"order": "repository"},
    "repository_middle": {"order": "repository", "fill_in_the_middle": {}},
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def packed(corpus: BuildConfig, way: str, context_length: int = 100) -> BuildConfig:
    changed = corpus.model_dump(mode="json")
    changed["stages"]["mono"] |= WAYS[way]
    changed["shards"]["context_length"] = context_length
    return BuildConfig.model_validate(changed)


@pytest.fixture(scope="module", params=list(WAYS))
def built(corpus: BuildConfig, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    way: str = request.param
    output = tmp_path_factory.mktemp("packed") / way
    build_quietly(packed(corpus, way), output)
    return output


def places_of(snapshot: Path, manifest: Manifest, split: Split, name: str, records: int) -> np.ndarray:
    layout = RecordLayout(manifest.context_length, manifest.id_bytes)
    ids = np.empty((records, manifest.context_length + 1), np.int32)
    ids[record_order(manifest.seed, name, records)] = ShardReader(str(snapshot / name), layout).read(np.arange(records))
    if split.packing.stride == manifest.context_length:
        return np.append(ids[:, :-1].ravel(), ids[-1:, -1])
    return ids.ravel()


def pieces(snapshot: Path, manifest: Manifest, stage: str) -> Iterator[tuple[Split, dict[str, Any], np.ndarray]]:
    """Each piece of a stage with its ids."""
    for split in manifest.stages[stage].splits.values():
        for shard in split.shards:
            places = places_of(snapshot, manifest, split, shard.name, shard.records)
            name = shard.name.replace("shards", "provenance").replace(".tfrecord", ".parquet")
            for row in pq.read_table(snapshot / name).to_pylist():
                yield split, row, places[row["start"] : row["start"] + row["ids"]]


def plain(ids: np.ndarray, split: Split, form: int) -> list[np.ndarray]:
    """A piece's ids in the order of the text."""
    if form == Form.PLAIN:
        return [ids]
    found = split.packing.fill_in_the_middle
    assert found is not None
    prefix, suffix, middle = (
        int(np.flatnonzero(ids == token)[0]) for token in (found.prefix_id, found.suffix_id, found.middle_id)
    )
    assert prefix == 0
    if form == Form.PREFIX_SUFFIX_MIDDLE:
        return [ids[1:suffix], ids[middle + 1 :], ids[suffix + 1 : middle]]
    assert suffix == 1
    return [ids[middle + 1 :], ids[2:middle]]


def test_a_packed_snapshot_verifies(built: Path) -> None:
    assert verify_snapshot(str(built), 1).problems == ()


def test_every_text_comes_back_to_the_byte(built: Path, corpus: BuildConfig) -> None:
    manifest = load_manifest(str(built))
    tokenizer = load_tokenizer(str(built / "tokenizer"))
    found: dict[bytes, dict[int, bytes]] = {}
    for split, row, ids in pieces(built, manifest, "mono"):
        if row["tokens"]:
            text = b"".join(map(tokenizer.decode, plain(ids, split, row["form"])))
            assert found.setdefault(row["id"], {}).setdefault(row["first"], text) is text
    kept = {
        row["id"]
        for name in manifest.tables
        for row in pq.read_table(built / name, columns=["id", "outcome"]).to_pylist()
        if row["outcome"] == "kept"
    }
    texts: dict[bytes, bytes] = {}
    for block in Path(work_directory(str(built))).glob("harvest-*/blocks/*.parquet"):
        for row in pq.read_table(block, columns=["id", "text", "language", "source"]).to_pylist():
            if row["id"] in kept and row["source"] != "pile":
                texts[row["id"]] = f"# language: {row['language']}\n".encode() + row["text"]
    assert {key: b"".join(parts[first] for first in sorted(parts)) for key, parts in found.items()} == texts


def test_held_out_documents_are_concatenated_as_they_are(built: Path) -> None:
    manifest = load_manifest(str(built))
    for stage in manifest.stages.values():
        for name, split in stage.splits.items():
            if name != "train":
                assert split.packing.stride == manifest.context_length and split.packing.kind == "concatenate"
                assert sum(shard.rewritten for shard in split.shards) == 0


def test_the_manifest_says_how_much_was_rewritten(built: Path) -> None:
    manifest = load_manifest(str(built))
    middle = manifest.stages["mono"].splits["train"].packing.fill_in_the_middle
    assert (middle is not None) == ("middle" in built.name)
    if middle is not None:
        forms = [row["form"] for split, row, _ in pieces(built, manifest, "mono") if split.packing.fill_in_the_middle]
        assert middle.pieces == len(forms) and middle.rewritten_pieces == sum(form > 0 for form in forms)
        assert 0.2 < middle.rewritten_pieces / middle.pieces < 0.8


def test_explain_finds_every_piece(built: Path) -> None:
    manifest = load_manifest(str(built))
    assert "in shards/mono/" in "\n".join(explain(str(built), "src/module_1.py"))
    shard = next(shard for shard in manifest.stages["mono"].splits["train"].shards if shard.records > 1)
    answers = ["\n".join(explain(str(built), f"{shard.name}:1:{token}")) for token in range(1, 101)]
    assert all("module_" in answer or "unit_" in answer or "padding" in answer for answer in answers)
    assert any("module_" in answer or "unit_" in answer for answer in answers)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["middle_best_fit", "repository_middle"])
def test_any_runner_gives_the_same_bytes(corpus: BuildConfig, tmp_path: Path, way: str) -> None:
    config = packed(corpus, way)
    build_quietly(config, tmp_path / "one")
    build_quietly(config, tmp_path / "two", workers=2)
    build_quietly(config, tmp_path / "engine", workers=1, kind=ShufflesEverything)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two") == hashes(tmp_path / "engine")


@pytest.mark.parametrize("way", ["best_fit", "middle"])
def test_a_damaged_provenance_is_found(corpus: BuildConfig, tmp_path: Path, way: str) -> None:
    output = tmp_path / "snapshot"
    build_quietly(packed(corpus, way), output)
    name = sorted((output / "provenance/mono").glob("train-*"))[0]
    table = pq.read_table(name)
    for column, change in (("start", 1), ("first", 1), ("tokens", -1), ("ids", 1)):
        index = table.schema.get_field_index(column)
        values = table[column].to_numpy().copy()
        values[len(values) // 2] += change
        pq.write_table(table.set_column(index, table.schema.field(column), pa.array(values)), name)
        problems = verify_snapshot(str(output), 1).problems
        assert any("shards/" in problem for problem in problems), column
    shutil.rmtree(output)


def test_repositories_lie_together_and_imports_come_first(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    for repository in ("one", "two", "three"):
        for name, text in {
            "main.py": "import helper\nfrom . import base\n",
            "helper.py": "import base\n",
            "base.py": "import os\n",
            "zebra.py": "x = 1\n",
        }.items():
            (root / repository).mkdir(parents=True, exist_ok=True)
            (root / repository / name).write_text(
                f"# {repository} {name}\n{text}" + f"y_{repository}_{name[:-3]} = 2\n" * 9
            )
    table = pa.table(
        {
            "repo_name": [path.parent.name for path in sorted(root.rglob("*.py"))],
            "path": [path.name for path in sorted(root.rglob("*.py"))],
            "content": [path.read_text() for path in sorted(root.rglob("*.py"))],
            "license": ["mit"] * 12,
        }
    )
    pq.write_table(table, tmp_path / "files.parquet")
    config = BuildConfig.model_validate(
        {
            "name": "ordered",
            "sources": {
                "github": {
                    "kind": "github_parquet",
                    "paths": [str(tmp_path / "files.parquet")],
                    "languages": ["python"],
                    "filters": "none",
                }
            },
            "stages": {"mono": {"sources": ["github"], "order": "repository"}},
            "dedup": {"near": None},
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 300 + 60, "sample_bytes": 10_000},
            "shards": {"context_length": 64, "hosts": 1, "shard_bytes": 2_000, "validation_share": 0},
        }
    )
    build_quietly(config, tmp_path / "snapshot")
    manifest = load_manifest(str(tmp_path / "snapshot"))
    assert manifest.stages["mono"].splits["train"].packing.order == "repository"
    named = {
        row["id"]: (row["repository"], row["path"])
        for name in manifest.tables
        for row in pq.read_table(tmp_path / "snapshot" / name).to_pylist()
    }
    order: list[tuple[str, str]] = []
    for shard in manifest.stages["mono"].splits["train"].shards:
        name = shard.name.replace("shards", "provenance").replace(".tfrecord", ".parquet")
        order += [named[row["id"]] for row in pq.read_table(tmp_path / "snapshot" / name).to_pylist()]
    assert [path for _, path in order] == ["base.py", "helper.py", "main.py", "zebra.py"] * 3
    assert len({repository for repository, _ in order[:4]}) == 1


def test_the_order_does_not_depend_on_arrival() -> None:
    draw = np.random.default_rng(1)
    ids = draw.integers(0, 256, (40, 16)).astype(np.uint8)
    groups = draw.integers(0, 4, 40)
    copies = draw.integers(0, 2, 40).astype(np.uint16)
    provides = [[int(draw.integers(0, 30))] for _ in range(40)]
    requires = [draw.integers(0, 30, 3).tolist() for _ in range(40)]

    def ordered(arrival: np.ndarray) -> list[bytes]:
        links = pa.table(
            {
                "group": [bytes([groups[i]]) * 16 for i in arrival],
                "path": [f"p{i % 9}" for i in arrival],
                "provides": [provides[i] for i in arrival],
                "requires": [requires[i] for i in arrival],
            },
            LINKS_SCHEMA,
        )
        places = (groups[arrival] * 7 % 5).astype(np.uint64)
        order = repository_order(places, ids[arrival], copies[arrival], links)
        return [ids[arrival][i].tobytes() + bytes(copies[arrival][i]) for i in order]

    assert ordered(np.arange(40)) == ordered(draw.permutation(40))


def test_another_packing_writes_the_shards_anew(corpus: BuildConfig, tmp_path: Path) -> None:
    config = packed(corpus, "best_fit")
    build_quietly(config, tmp_path / "snapshot")
    assert build_quietly(config, tmp_path / "snapshot") == []
    again = build_quietly(packed(corpus, "repository"), tmp_path / "snapshot")
    assert "shard" in again and "harvest" not in again
