import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from schemas.errors import CheckFailed, CodemillError
from tests.trainer.plans import three_stage_plan
from tests.trainer.snapshots import counting_records, write_snapshot
from trainer.checkpoints.checkpoint import load_checkpoint
from trainer.train import train


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("snapshot")
    stages = {
        name: {"train": counting_records(60, stride), "validation-python": counting_records(9, stride)}
        for stride, name in enumerate(("nl", "multi", "mono"), 1)
    }
    return write_snapshot(directory, stages)


def weights(run: Path) -> Any:
    _, params, lineage = load_checkpoint(str(run))
    return jax.tree.map(np.asarray, params), lineage


def quiet(line: str) -> None: ...


def test_three_stages_train_and_leave_their_lineage(snapshot: str, tmp_path: Path) -> None:
    plan = three_stage_plan(snapshot)
    result = train(plan, str(tmp_path), report=quiet)
    assert result.finished and result.step == 18
    _, lineage = weights(tmp_path)
    assert [stage.name for stage in lineage.stages] == ["nl", "multi", "mono"]
    assert [stage.sequences for stage in lineage.stages] == [24, 24, 24]
    entries = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    last = [entry for entry in entries if entry["kind"] == "evaluation"][-1]
    assert set(last["losses"]) == {"nl", "multi", "mono"}


@pytest.mark.parametrize("stop", [1, 6, 11])
def test_a_stopped_run_goes_on_to_the_same_bits(snapshot: str, tmp_path: Path, stop: int) -> None:
    plan = three_stage_plan(snapshot)
    train(plan, str(tmp_path / "whole"), report=quiet)
    assert not train(plan, str(tmp_path / "parts"), report=quiet, stop_at=stop).finished
    assert train(plan, str(tmp_path / "parts"), report=quiet).finished
    whole, parts = weights(tmp_path / "whole")[0], weights(tmp_path / "parts")[0]
    assert jax.tree.all(jax.tree.map(np.array_equal, whole, parts))


def test_a_snapshot_of_another_digest_is_refused(snapshot: str, tmp_path: Path) -> None:
    plan = three_stage_plan(snapshot)
    stages = (plan.stages[0].model_copy(update={"digest": "0" * 64}), *plan.stages[1:])
    with pytest.raises(CheckFailed, match="digest"):
        train(plan.model_copy(update={"stages": stages}), str(tmp_path), report=quiet)


def test_a_dataset_that_the_snapshot_lacks_is_named(snapshot: str, tmp_path: Path) -> None:
    plan = three_stage_plan(snapshot)
    stages = (plan.stages[0].model_copy(update={"dataset": "poems"}), *plan.stages[1:])
    with pytest.raises(CodemillError, match="poems"):
        train(plan.model_copy(update={"stages": stages}), str(tmp_path), report=quiet)
