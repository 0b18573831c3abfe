from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codemill.verify.snapshot import verify_snapshot
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.sources.inputs import printable
from schemas.config import BuildConfig
from schemas.manifest import Manifest, load_manifest
from tests.corpus import python_text
from tests.hostile import LONGEST, PARQUET, PILE, TREE, Hostile

SOURCES: dict[str, Sequence[Hostile]] = {"pile": PILE, "github": PARQUET, "tree": TREE}
GOOD_FILES = 30
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    for name, files in SOURCES.items():
        folder = root / name if name != "tree" else root / name / "project"
        folder.mkdir(parents=True)
        for file in files:
            (folder / file.name).write_bytes(file.content)
    for i in range(GOOD_FILES):
        (root / "tree" / "project" / f"good_{i}.py").write_text(python_text(i))
    limit = {"filters": "none", "max_document_bytes": LONGEST}
    config = BuildConfig.model_validate(
        {
            "name": "hostile",
            "sources": {
                "pile": {"kind": "pile_jsonl", "paths": [str(root / "pile")], **limit},
                "github": {
                    "kind": "github_parquet",
                    "paths": [str(root / "github")],
                    "languages": ["python"],
                    **limit,
                },
                "tree": {"kind": "directory", "paths": [str(root / "tree")], "languages": ["python"], **limit},
            },
            "stages": {"all": {"sources": ["pile", "github", "tree"]}},
            "dedup": {"near": None},
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 400},
            "shards": {"context_length": 32, "hosts": 2},
        }
    )
    output = root / "snapshot"
    build(config, str(output), Runner(1, Silence()))
    return output


@pytest.fixture(scope="module")
def manifest(snapshot: Path) -> Manifest:
    return load_manifest(str(snapshot))


def test_there_are_many_of_them() -> None:
    assert sum(map(len, SOURCES.values())) >= 40


@pytest.mark.parametrize("source", SOURCES)
def test_each_file_leaves_its_rows_in_the_rejects_table(snapshot: Path, source: str) -> None:
    rows = [row for row in pq.read_table(snapshot / "rejects.parquet").to_pylist() if row["source"] == source]
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["file"].removeprefix("project/"), []).append((row["place"], row["reason"]))
    expected = {printable(file.name): sorted(file.rejects) for file in SOURCES[source] if file.rejects}
    assert {name: sorted(places) for name, places in found.items()} == expected


def test_what_is_good_beside_them_is_kept(snapshot: Path, manifest: Manifest) -> None:
    table = pa.concat_tables(
        [
            pq.read_table(snapshot / name, columns=["source", "repository", "path", "outcome"])
            for name in manifest.tables
        ]
    )
    kept = [row for row in table.to_pylist() if row["outcome"] == "kept"]
    for file in PILE:
        assert sum(row["repository"] == printable(file.name) for row in kept) == file.good, file.name
    assert sum(row["source"] == "github" for row in kept) == sum(file.good for file in PARQUET)
    assert sum(row["source"] == "tree" for row in kept) == GOOD_FILES


def test_the_snapshot_verifies(snapshot: Path) -> None:
    assert verify_snapshot(str(snapshot), 1).problems == ()
