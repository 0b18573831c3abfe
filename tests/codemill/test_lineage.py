from pathlib import Path

import pytest

from codemill.explain.answer import explain
from codemill.lineage import lineage_lines, step_lines
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import MANIFEST_NAME, load_manifest
from schemas.plan import Plan
from tests.corpus import write_corpus
from trainer.train import train


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of five steps on a stage with fill-in-the-middle and one of concatenated prose."""
    root = tmp_path_factory.mktemp("lineage")
    config = write_corpus(root / "corpus").model_dump(mode="json")
    config["stages"]["mono"]["fill_in_the_middle"] = {}
    build(BuildConfig.model_validate(config), str(root / "snapshot"), Runner(1, Silence()))
    stage = {
        "snapshot": str(root / "snapshot"),
        "batch_sequences": 4,
        "learning_rate": {"peak": 1e-3, "end": 1e-4, "warmup_steps": 1, "anneal_steps": 4},
    }
    plan = {
        "name": "small",
        "model": {
            "layers": 1,
            "heads": 2,
            "head_dim": 8,
            "rotary_dim": 4,
            "vocabulary_rows": 512,
            "context_length": 32,
        },
        "stages": [{**stage, "name": "nl", "steps": 2}, {**stage, "name": "mono", "steps": 3, "skip": [[2, 3]]}],
        "rematerialise": False,
    }
    train(Plan.model_validate(plan), str(root / "run"), report=lambda line: None)
    return root / "run"


def test_weights_lead_back_to_shards(run: Path) -> None:
    lines = list(lineage_lines(str(run), None, shards=True))
    manifest = load_manifest(str(run.parent / "snapshot"))
    assert lines[0].startswith("small step 5")
    assert any(f"snapshot {manifest.digest}" in line for line in lines)
    assert any("stage mono: 3 of 3 steps, 20 sequences, 8 of them passed over" in line for line in lines)
    for stage in manifest.stages.values():
        for shard in stage.splits["train"].shards:
            assert any(shard.sha256 in line and shard.name in line for line in lines)


def test_an_earlier_checkpoint_has_fewer_stages(run: Path) -> None:
    lines = list(lineage_lines(str(run), 2, shards=False))
    assert any("stage nl" in line for line in lines) and not any("stage mono" in line for line in lines)


@pytest.mark.parametrize("step", [1, 4])
def test_the_documents_of_a_step_are_those_that_explain_names(run: Path, step: int) -> None:
    rows = [line.split("\t") for line in step_lines(str(run), step) if not line.startswith("#")]
    assert len({row[0] for row in rows}) == 4
    for shard, record in sorted({(row[1], row[2]) for row in rows}):
        listed = {row[3] for row in rows if (row[1], row[2]) == (shard, record)}
        named = set()
        for token in range(1, 33):
            lines = list(explain(str(run.parent / "snapshot"), f"{shard}:{record}:{token}"))
            if len(lines) > 3 and "separator" not in lines[2]:
                named.add(lines[3].rsplit(": ", 1)[0])
        assert named <= listed and len(listed) <= len(named) + 1


def test_tokens_of_a_step_are_within_their_documents(run: Path) -> None:
    for line in step_lines(str(run), 1):
        if not line.startswith("#"):
            first, last = map(int, line.split("\t")[5:])
            assert -1 <= last - first < 33 and first >= 0


def test_a_step_that_the_plan_lacks_is_refused(run: Path) -> None:
    with pytest.raises(CodemillError, match="steps 1 to 5"):
        list(step_lines(str(run), 6))


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"plan\.json"):
        list(lineage_lines(str(tmp_path), None, shards=False))


def test_another_snapshot_in_the_place_is_noticed(run: Path) -> None:
    manifest = run.parent / "snapshot" / MANIFEST_NAME
    before = manifest.read_bytes()
    changed = load_manifest(str(run.parent / "snapshot")).model_copy(update={"name": "other"})
    try:
        manifest.write_bytes(changed.sealed().to_bytes())
        with pytest.raises(CheckFailed, match="learned from"):
            list(lineage_lines(str(run), None, shards=True))
        with pytest.raises(CheckFailed, match="learned from"):
            list(step_lines(str(run), 1))
    finally:
        manifest.write_bytes(before)
