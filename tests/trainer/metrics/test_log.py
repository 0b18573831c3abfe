import json
from pathlib import Path

import pytest

from schemas.errors import CheckFailed
from schemas.manifest import PLAN_NAME
from storage.errors import MissingFile
from tests.trainer.plans import three_stage_plan
from trainer.metrics.log import METRICS_NAME, RunLog, read_plan

FIGURES: dict[str, float | None] = {
    "loss": 2.0,
    "learning_rate": 1e-3,
    "gradient_norm": 0.5,
    "tokens_per_second": 1234.5,
    "data_wait": 0.125,
    "mfu": None,
}


def test_lines_are_said_at_once_and_metrics_written_by_flush(tmp_path: Path) -> None:
    said: list[str] = []
    log = RunLog(str(tmp_path), said.append)
    log.training("mono", 2, 12, FIGURES)
    log.evaluation("mono", 2, 12, {"mono": {"python": 1.5}})
    log.evaluation("mono", 2, 12, {})
    assert said == [
        "mono step 2  loss 2.0000  lr 0.001  grad norm 0.500  1,234 tokens/s  data wait 12.5%  MFU n/a",
        "mono step 2  held-out loss  mono/python 1.5000",
        "mono step 2  held-out loss  none: no validation split",
    ]
    assert not (tmp_path / METRICS_NAME).exists()
    log.flush()
    entries = [json.loads(line) for line in (tmp_path / METRICS_NAME).read_text().splitlines()]
    assert entries[0] == {"kind": "training", "stage": "mono", "step": 2, "total_step": 12, **FIGURES}
    assert [entry["kind"] for entry in entries] == ["training", "evaluation", "evaluation"]


def test_a_resumed_run_keeps_what_lies_before_its_checkpoint(tmp_path: Path) -> None:
    first = RunLog(str(tmp_path), lambda _: None)
    for step in (2, 4, 6):
        first.training("mono", step, step, FIGURES)
    first.flush()
    second = RunLog(str(tmp_path), lambda _: None)
    second.resume(lambda stage, step: stage == "mono" and step <= 4)
    second.training("mono", 6, 6, {**FIGURES, "loss": 1.0})
    second.flush()
    entries = [json.loads(line) for line in (tmp_path / METRICS_NAME).read_text().splitlines()]
    assert [(entry["step"], entry["loss"]) for entry in entries] == [(2, 2.0), (4, 2.0), (6, 1.0)]


def test_the_plan_is_kept_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_plan(str(tmp_path))
    plan = three_stage_plan("snapshot")
    RunLog(str(tmp_path), lambda _: None).keep_plan(plan)
    assert read_plan(str(tmp_path)) == plan
    (tmp_path / PLAN_NAME).write_text("{")
    with pytest.raises(CheckFailed, match=f"{PLAN_NAME}: is damaged"):
        read_plan(str(tmp_path))
