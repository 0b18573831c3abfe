"""Building against an earlier snapshot gives the answer of one full build."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from codemill.explain.answer import explain
from codemill.verify.snapshot import verify_snapshot
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.tables import read_table
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import load_manifest
from tests.pipelines.duplicates.corpora import corpus_config

SOURCES = {"one": 1, "two": 2, "three": 3}
NEAR = {"jaccard": 0.7, "bucket_cap": 4}


def build_one(config: BuildConfig, output: Path, *against: Path) -> Path:
    build(config, str(output), Runner(1, Silence()), against=tuple(map(str, against)))
    return output


def fates(snapshot: Path) -> dict[bytes, tuple[Any, ...]]:
    tables = [read_table(str(path)) for path in sorted(snapshot.glob("documents/*.parquet"))]
    table = pa.concat_tables(tables).select(["id", "source", "outcome", "kept_id", "jaccard", "containment"])
    return {row["id"]: tuple(row.values())[1:] for row in table.to_pylist()}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("earlier")


@pytest.fixture(scope="module")
def steps(root: Path) -> dict[str, Path]:
    first = build_one(corpus_config(root, {"one": 1}, near=NEAR), root / "first")
    second = build_one(corpus_config(root, {"two": 2}, near=NEAR), root / "second", first)
    third = build_one(corpus_config(root, {"three": 3}, near=NEAR), root / "third", first, second)
    return {"one": first, "two": second, "three": third}


@pytest.mark.slow
def test_steps_and_one_build_decide_the_same(root: Path, steps: dict[str, Path]) -> None:
    full = fates(build_one(corpus_config(root, SOURCES, near=NEAR), root / "full"))
    stepwise = {id: fate for snapshot in steps.values() for id, fate in fates(snapshot).items()}
    assert stepwise == full
    crossing = [f for f in full.values() if f[0] == "three" and f[2] is not None and full[f[2]][0] == "one"]
    assert len(crossing) > 5


@pytest.mark.slow
def test_what_fell_to_an_earlier_snapshot_is_explained_and_verified(steps: dict[str, Path]) -> None:
    manifest = load_manifest(str(steps["three"]))
    assert [other.name for other in manifest.against] == ["one", "two"]
    assert not verify_snapshot(str(steps["three"]), 1).problems
    id, fate = next((i, f) for i, f in fates(steps["three"]).items() if f[2] in fates(steps["one"]))
    lines = "\n".join(explain(str(steps["three"]), id.hex()))
    assert f"document {fate[2].hex()} of the earlier snapshot 'one'" in lines
    assert "kept" in next(explain(str(steps["one"]), fate[2].hex()))


@pytest.mark.slow
def test_what_cannot_be_compared_is_refused(root: Path, steps: dict[str, Path]) -> None:
    config = corpus_config(root, {"three": 3}, near=NEAR)
    with pytest.raises(CodemillError, match="was itself built against 'one'"):
        build_one(config, root / "refused", steps["two"])
    with pytest.raises(CodemillError, match="named twice"):
        build_one(config, root / "refused", steps["one"], steps["one"])
    with pytest.raises(CodemillError, match="deduplicated with"):
        build_one(corpus_config(root, {"three": 3}, near={"jaccard": 0.9}), root / "refused", steps["one"])
