"""Checkpoints: what is kept, what is read back, what damage and a full disk do; and bad data in the middle of a run."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import trainer.checkpoints.checkpoint
from schemas.errors import CheckFailed, CodemillError
from schemas.plan import Plan
from schemas.record_layout import CorruptRecord
from tests.trainer.plans import MODEL, stage
from tests.trainer.runs import run, same_bits, steps, write_plan
from tests.trainer.snapshots import counting_records, write_snapshot
from trainer.checkpoints.checkpoint import load_checkpoint
from trainer.checkpoints.read_back import check_written
from trainer.train import train

STEPS = 8


def quiet(line: str) -> None: ...


def plan_of(snapshot: str, **checkpoint: Any) -> Plan:
    return Plan.model_validate(
        {
            "name": "test",
            "model": MODEL,
            "stages": [stage("data", snapshot, steps=STEPS)],
            "checkpoint": {"every_steps": 2, "keep": 10, **checkpoint},
            "log_every": 1,
            "rematerialise": False,
        }
    )


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_snapshot(tmp_path_factory.mktemp("snapshot"), {"data": {"train": counting_records(60, 1)}})


@pytest.fixture(scope="module")
def finished(snapshot: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    train(plan_of(snapshot), str(directory), report=quiet)
    return directory


def copied(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.mark.slow
def test_temporary_checkpoints_come_by_the_clock_and_go_with_the_next(snapshot: str, tmp_path: Path) -> None:
    seen: dict[int, list[int]] = {}

    def look(line: str) -> None:
        if line.startswith("data step ") and "loss" in line:
            step = int(line.split()[2])
            seen[step] = steps(tmp_path) if (tmp_path / "checkpoints").exists() else []

    plan = plan_of(snapshot, every_steps=6, every_minutes=1e-9, keep=1)
    train(plan, str(tmp_path), report=look)
    assert steps(tmp_path) == [8]  # 6 was the latest regular one until the stage's end was there
    assert any(step % 6 for found in seen.values() for step in found), seen  # temporary ones were there meanwhile
    assert all(len([step for step in found if step % 6]) <= 2 for found in seen.values())


@pytest.mark.slow
def test_a_stop_between_two_regular_ones_leaves_a_temporary_one(snapshot: str, tmp_path: Path) -> None:
    plan = plan_of(snapshot, keep=2)
    train(plan, str(tmp_path), report=quiet, stop_at=5)
    assert steps(tmp_path) == [2, 4, 5]
    train(plan, str(tmp_path), report=quiet)
    assert steps(tmp_path) == [6, 8]


def files_of(place: Path) -> list[Path]:
    """Those that hold arrays, the largest first."""
    return sorted((path for path in place.rglob("d/*")), key=lambda path: -path.stat().st_size)


def test_what_is_written_is_read_again(finished: Path, tmp_path: Path) -> None:
    place = copied(finished, tmp_path) / "checkpoints" / "6"
    sums = json.loads((place / "checksums" / "metadata").read_text())
    lineage = json.loads((place / "lineage" / "metadata").read_text())
    check_written(str(place), sums, {"lineage": lineage}, full=True)
    with pytest.raises(CheckFailed, match=r"6: lineage is not what was written"):
        check_written(str(place), sums, {"lineage": {**lineage, "step": 7}}, full=False)
    more = {**sums, "params": {**sums["params"], "eyes": 1}}
    with pytest.raises(CheckFailed, match="params lacks eyes"):
        check_written(str(place), more, {}, full=False)
    other = {**sums, "params": {**sums["params"], "head": 1}}
    check_written(str(place), other, {}, full=False)
    with pytest.raises(CheckFailed, match="params/head"):
        check_written(str(place), other, {}, full=True)


def test_a_flipped_bit_anywhere_in_the_arrays_is_found_when_read_back_and_when_restored(
    finished: Path, snapshot: str, tmp_path: Path
) -> None:
    directory = copied(finished, tmp_path)
    place = directory / "checkpoints" / "8"
    sums = json.loads((place / "checksums" / "metadata").read_text())
    damaged = next(path for path in files_of(place) if "params" in str(path))
    whole = damaged.read_bytes()
    for part in (0.2, 0.5, 0.9):
        at = int(part * len(whole))
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(CheckFailed, match=r"/8: .*(bytes|read back)"):
            check_written(str(place), sums, {}, full=True)
        with pytest.raises(CheckFailed, match=r"/8: .*(bytes|restored)") as caught:
            load_checkpoint(str(directory))
        assert "delete this checkpoint's directory" in caught.value.remedy
    shutil.rmtree(place)
    assert load_checkpoint(str(directory))[2].step == 6
    assert train(plan_of(snapshot), str(directory), report=quiet).finished
    assert same_bits(directory, finished, STEPS)


@pytest.mark.parametrize("item", ["params", "moments", "lineage", "checksums"])
def test_a_lost_part_of_the_newest_names_it_and_the_one_before_goes_on(
    finished: Path, snapshot: str, tmp_path: Path, item: str
) -> None:
    directory = copied(finished, tmp_path)
    for path in (directory / "checkpoints" / "8" / item).rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    with pytest.raises(CheckFailed, match=r"checkpoints/8: ") as caught:
        train(plan_of(snapshot), str(directory), report=quiet)
    assert "delete" in caught.value.remedy
    shutil.rmtree(directory / "checkpoints" / "8")
    assert train(plan_of(snapshot), str(directory), report=quiet).finished
    assert same_bits(directory, finished, STEPS)


@pytest.mark.slow
def test_a_save_that_reads_back_otherwise_ends_the_run_and_removes_nothing(
    snapshot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad_disk(place: str, *arguments: Any, **options: Any) -> None:
        if place.endswith("4"):
            largest = files_of(Path(place))[0]
            largest.write_bytes(largest.read_bytes()[:-1] + b"\0")
            with open(largest, "r+b") as file:
                file.truncate(largest.stat().st_size // 2)
        check_written(place, *arguments, **options)

    monkeypatch.setattr(trainer.checkpoints.checkpoint, "check_written", bad_disk)
    with pytest.raises(CheckFailed, match="checkpoints/4: "):
        train(plan_of(snapshot, keep=1), str(tmp_path), report=quiet)
    assert steps(tmp_path)[:2] == [2, 4]
    shutil.rmtree(tmp_path / "checkpoints" / "4")
    assert load_checkpoint(str(tmp_path), 2)[2].step == 2


def test_a_checkpoint_of_before_there_were_checksums_still_loads(finished: Path, tmp_path: Path) -> None:
    directory = copied(finished, tmp_path)
    shutil.rmtree(directory / "checkpoints" / "8" / "checksums")
    assert load_checkpoint(str(directory))[2].step == STEPS


def test_half_written_and_half_removed_ones_are_passed_over_and_cleared_away(
    finished: Path, snapshot: str, tmp_path: Path
) -> None:
    directory = copied(finished, tmp_path)
    checkpoints = directory / "checkpoints"
    (checkpoints / "8").rename(checkpoints / "8.orbax-checkpoint-tmp")
    shutil.rmtree(checkpoints / "8.orbax-checkpoint-tmp" / "params")
    assert load_checkpoint(str(directory))[2].step == 6
    assert train(plan_of(snapshot), str(directory), report=quiet).finished
    assert same_bits(directory, finished, STEPS)
    assert sorted(os.listdir(checkpoints)) == ["2", "4", "6", "8"]


LIMITED = """
import resource, trainer.metrics.log
flush = trainer.metrics.log.RunLog.flush
def limiting(self):
    flush(self)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
trainer.metrics.log.RunLog.flush = limiting
"""
"""After the first save no file may grow beyond 20 kB: what a full disk does, anywhere and without rights."""


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_checkpoint_before_goes_on(
    finished: Path, snapshot: str, tmp_path: Path
) -> None:
    directory = tmp_path / "run"
    plan = plan_of(snapshot)
    path = write_plan(tmp_path / "plan.yaml", plan)
    train(plan, str(directory), report=quiet, stop_at=2)
    status, output = run("train", path, "-o", directory, before=LIMITED)
    assert status == 2, output
    (error,) = [line for line in output.splitlines() if line.startswith("codemill: error:")]
    assert "cannot be written" in error and str(directory / "checkpoints") in error
    assert "codemill: remedy: make room" in output and "Traceback" not in output
    left = steps(directory)[-1]
    assert load_checkpoint(str(directory))[2].step == left < STEPS
    assert train(plan, str(directory), report=quiet).finished
    assert same_bits(directory, finished, STEPS)


@pytest.mark.slow
def test_bad_data_in_the_middle_is_named_and_the_last_good_checkpoint_loads(
    snapshot: str, finished: Path, tmp_path: Path
) -> None:
    bad = Path(shutil.copytree(snapshot, tmp_path / "bad"))
    shards = sorted((bad / "shards" / "data").iterdir())
    directory = tmp_path / "run"
    plan = plan_of(str(bad))
    train(plan, str(directory), report=quiet, stop_at=3)
    whole = shards[1].read_bytes()
    shards[1].write_bytes(whole[:20] + bytes(byte ^ 1 for byte in whole[20:]))
    with pytest.raises(CorruptRecord, match=r"shards/data/train-00001-of-00003\.tfrecord"):
        train(plan, str(directory), report=quiet)
    assert load_checkpoint(str(directory))[2].step >= 3
    shards[1].unlink()
    with pytest.raises((CodemillError, OSError), match=r"train-00001-of-00003\.tfrecord"):
        train(plan, str(directory), report=quiet)
    shards[1].write_bytes(whole)
    assert train(plan, str(directory), report=quiet).finished
    assert same_bits(directory, finished, STEPS)


def test_another_snapshot_under_the_same_name_is_refused(snapshot: str, finished: Path, tmp_path: Path) -> None:
    other = write_snapshot(tmp_path / "other", {"data": {"train": counting_records(60, 5)}})
    directory = copied(finished, tmp_path)
    with pytest.raises(CodemillError, match=r"8: stage data learned from snapshot"):
        train(plan_of(other), str(directory), report=quiet)
    assert load_checkpoint(str(directory))[2].step == STEPS


def test_a_snapshot_too_small_for_all_hosts_together_is_refused(snapshot: str, finished: Path, tmp_path: Path) -> None:
    small = write_snapshot(tmp_path / "small", {"data": {"train": counting_records(3, 1)}})
    directory = copied(finished, tmp_path)
    with pytest.raises(CodemillError, match=r"small has 3 training records, fewer than one batch of 4") as caught:
        train(plan_of(small), str(directory), report=quiet)
    assert "batch_sequences" in caught.value.remedy
    assert load_checkpoint(str(directory))[2].step == STEPS
