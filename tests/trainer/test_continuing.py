"""Mixtures, skipped batches, waiting for snapshots, and what a run leaves behind."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import trainer.train
from schemas.errors import CodemillError
from schemas.manifest import MANIFEST_NAME
from schemas.plan import Plan
from tests.trainer.plans import MODEL, stage
from tests.trainer.snapshots import counting_records, write_snapshot
from trainer.checkpoints.checkpoint import load_checkpoint, read_checkpoint_lineage
from trainer.snapshot import open_stage
from trainer.train import train


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("snapshots")
    return [
        write_snapshot(root / str(stride), {f"data{stride}": {"train": counting_records(60, stride)}})
        for stride in (1, 2)
    ]


def plan_of(*stages: dict[str, Any], **changes: Any) -> Plan:
    plan = {
        "name": "test",
        "model": MODEL,
        "stages": list(stages),
        "checkpoint": {"every_steps": 3, "keep": 10},
        "log_every": 1,
        "rematerialise": False,
    }
    return Plan.model_validate({**plan, **changes})


def mixed(snapshots: list[str], **changes: Any) -> dict[str, Any]:
    parts = [{"snapshot": s, "dataset": f"data{i}", "weight": i} for i, s in enumerate(snapshots, 1)]
    return {**stage("mix", ""), "mixture": parts, **changes}


def quiet(line: str) -> None: ...


def equal_weights(first: Path, second: Path) -> bool:
    one, other = (load_checkpoint(str(run))[1] for run in (first, second))
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_a_mixture_trains_and_goes_on_to_the_same_bits(snapshots: list[str], tmp_path: Path) -> None:
    plan = plan_of(mixed(snapshots))
    train(plan, str(tmp_path / "whole"), report=quiet)
    train(plan, str(tmp_path / "parts"), report=quiet, stop_at=2)
    train(plan, str(tmp_path / "parts"), report=quiet)
    assert equal_weights(tmp_path / "whole", tmp_path / "parts")
    (done,) = read_checkpoint_lineage(str(tmp_path / "whole")).stages
    assert len(set(done.snapshot_digests)) == 2


def test_a_part_with_too_few_records_is_named(snapshots: list[str]) -> None:
    plan = plan_of(mixed(snapshots, epochs=0.2))
    with pytest.raises(CodemillError, match=r"66\.7% of them.*the limit is 0\.2"):
        open_stage(plan, plan.stages[0])


def test_skipped_batches_are_not_trained_on(snapshots: list[str], tmp_path: Path) -> None:
    seen: list[list[int]] = []

    def sequences_of(plan: Plan) -> list[np.ndarray]:
        planned = plan.stages[0]
        data = open_stage(plan, planned)
        firsts = [(planned.batch_of(step) - 1) * planned.batch_sequences for step in range(1, planned.steps + 1)]
        seen.append(firsts)
        return [data.train.read(np.arange(first, first + 4)) for first in firsts]

    whole = sequences_of(plan_of(stage("data1", snapshots[0], steps=9)))
    skipping = plan_of(stage("data1", snapshots[0], steps=6, skip=[[3, 4], [6, 6]]))
    kept = sequences_of(skipping)
    assert seen[1] == [0, 4, 16, 24, 28, 32]
    for mine, theirs in zip(kept, [0, 1, 4, 6, 7, 8], strict=True):
        assert np.array_equal(mine, whole[theirs])
    train(skipping, str(tmp_path), report=quiet)
    assert read_checkpoint_lineage(str(tmp_path)).stages[0].sequences == 9 * 4


def test_a_skip_may_be_added_for_what_is_to_come_only(snapshots: list[str], tmp_path: Path) -> None:
    plain = plan_of(stage("data1", snapshots[0]))
    train(plain, str(tmp_path), report=quiet, stop_at=3)
    with pytest.raises(CodemillError, match="skip"):
        train(plan_of(stage("data1", snapshots[0], skip=[[2, 2]])), str(tmp_path), report=quiet)
    later = plan_of(stage("data1", snapshots[0], skip=[[5, 5]]))
    assert train(later, str(tmp_path), report=quiet).finished
    assert read_checkpoint_lineage(str(tmp_path)).stages[0].sequences == 7 * 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"snapshot": "x", "mixture": [{"snapshot": "y", "dataset": "z"}]}, "either `snapshot` or `mixture`"),
        ({"snapshot": ""}, "either `snapshot` or `mixture`"),
        ({"skip": [[3, 2]]}, "go forward"),
        ({"skip": [[2, 4], [4, 5]]}, "go forward"),
        ({"snapshot": "", "mixture": [{"snapshot": "y", "dataset": "z"}] * 2}, "one name"),
    ],
)
def test_contradictions_are_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plan_of({**stage("data1", "x"), **change})


def test_a_stage_waits_for_its_snapshot(snapshots: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.train, "WAIT_SECONDS", 0.01)
    late = tmp_path / "late"
    shutil.copytree(snapshots[1], late)
    (late / MANIFEST_NAME).rename(tmp_path / "later.json")
    plan = plan_of(stage("data1", snapshots[0]), stage("data2", str(late)))
    with pytest.raises(CodemillError, match="not a finished snapshot"):
        train(plan, str(tmp_path / "run"), report=quiet)
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        if "waiting for" in line:
            threading.Timer(0.2, lambda: (tmp_path / "later.json").rename(late / MANIFEST_NAME)).start()

    assert train(plan, str(tmp_path / "run"), report=report, wait=True).finished
    waited = next(i for i, line in enumerate(lines) if "waiting for" in line)
    assert any("data1 step 6" in line for line in lines[:waited])


def test_steps_after_the_first_compile_nothing(
    snapshots: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    jax.clear_caches()  # type: ignore[no-untyped-call]
    plan = plan_of(stage("data1", snapshots[0]), stage("data2", snapshots[1]))
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        train(plan, str(tmp_path), report=quiet)
    compiled = [record for record in caplog.records if "Compiling jit(train_step)" in record.getMessage()]
    assert len(compiled) == 1


def test_events_and_a_profile_are_written_on_request(snapshots: list[str], tmp_path: Path) -> None:
    plan = plan_of(stage("data1", snapshots[0]), tensorboard=True)
    train(plan, str(tmp_path), report=quiet, profile_step=2)
    (events,) = (tmp_path / "tensorboard").glob("events.*")
    assert b"training/loss" in events.read_bytes() and b"training/data_wait" in events.read_bytes()
    assert list((tmp_path / "profile").rglob("*.xplane.pb"))
    assert Plan.model_validate(json.loads((tmp_path / "plan.json").read_bytes())) == plan
