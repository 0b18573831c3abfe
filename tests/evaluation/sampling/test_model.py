from __future__ import annotations

from pathlib import Path

import pytest

from codemill.export_hf import export
from evaluation.sampling.model import load_model
from evaluation.sampling.sampler import Sampler
from evaluation.sampling.settings import Settings
from schemas.errors import CheckFailed, CodemillError
from schemas.plan import Plan
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tests.trainer.plans import MODEL, three_stage_plan
from tests.trainer.snapshots import three_stage_snapshot
from tokenization.codegen import build
from trainer.train import train


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two checkpoints on a snapshot with a tokenizer."""
    place = tmp_path_factory.mktemp("loaded")
    snapshot = three_stage_snapshot(place)
    build(*gpt2_like_files()).save(str(place / "tokenizer"))
    plan = three_stage_plan(snapshot, model={**MODEL, "layers": 1, "vocabulary_rows": 700}).model_dump()
    train(Plan.model_validate({**plan, "stages": plan["stages"][:1]}), str(place / "run"), report=lambda line: None)
    return place / "run"


def greedy(path: Path, checkpoint: int | None = None) -> str:
    settings = Settings(tokens=12, temperature=0.0)
    return Sampler(load_model(str(path), checkpoint)).sample(["ab"], settings)[0][0].text


def test_a_run_and_its_export_write_the_same(run: Path, tmp_path: Path) -> None:
    text = greedy(run)
    assert text
    list(export(str(run), str(tmp_path), None))
    assert greedy(tmp_path) == text
    (tmp_path / "separator.json").unlink()  # as at Hugging Face
    assert greedy(tmp_path) == text
    (tmp_path / "tokenizer_config.json").unlink()
    assert greedy(tmp_path) == text
    (tmp_path / "tokenizer.json").unlink()
    for name, content in zip(("vocab.json", "merges.txt"), gpt2_like_files(), strict=True):
        (tmp_path / name).write_bytes(content)
    assert greedy(tmp_path) == text
    (tmp_path / "merges.txt").unlink()
    with pytest.raises(CodemillError, match=r"holds no tokenizer; put the model's tokenizer\.json"):
        load_model(str(tmp_path))


def test_a_checkpoint_is_named_by_its_step(run: Path) -> None:
    assert greedy(run, 6) == greedy(run)
    assert greedy(run, 4) != greedy(run)
    with pytest.raises(CodemillError, match="no checkpoint at step 5; there are 4, 6"):
        load_model(str(run), 5)


def test_errors_say_what_to_do(run: Path, tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"holds neither plan\.json nor config\.json; name a directory"):
        load_model(str(tmp_path))
    list(export(str(run), str(tmp_path), None))
    with pytest.raises(CodemillError, match="an exported model has no checkpoints"):
        load_model(str(tmp_path), 6)
    build(*gpt2_like_files(), specials=tuple(f"<{i}>" for i in range(100))).save(str(tmp_path))
    with pytest.raises(CheckFailed, match=r"the tokenizer has \d+ ids, the model 700 rows; put the model's own"):
        load_model(str(tmp_path))


def test_a_snapshot_that_is_gone_is_named(run: Path) -> None:
    tokenizer = run.parent / "tokenizer"
    tokenizer.rename(run.parent / "elsewhere")
    try:
        with pytest.raises(CodemillError, match="holds no tokenizer; put the snapshot back"):
            load_model(str(run))
    finally:
        (run.parent / "elsewhere").rename(tokenizer)
