"""Runs that are killed or stopped anywhere, and go on with other numbers of processes: the same bits in the end."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from schemas.plan import Plan
from tests.trainer.plans import MODEL, stage
from tests.trainer.runs import await_line, run, same_bits, start, steps, write_plan
from tests.trainer.snapshots import counting_records, write_snapshot

pytestmark = pytest.mark.slow

STEPS = 40
KILL = "os.kill(os.getpid(), signal.SIGKILL)"
WHILE_WRITING = f"""
import os, signal
import orbax.checkpoint as ocp
save = ocp.CheckpointManager.save
def saving(self, step, **options):
    save(self, step, **options)
    if step > 8: {KILL}
ocp.CheckpointManager.save = saving
"""
BEFORE_THE_COMMIT = f"""
import os, signal
import trainer.checkpoints.save_barrier
call = trainer.checkpoints.save_barrier.SaveBarrier.__call__
import orbax.checkpoint._src.path.atomicity as atomicity
async def finalize(self): {KILL}
atomicity.AtomicRenameTemporaryPath.finalize = finalize
"""
BEFORE_READING_BACK = f"""
import os, signal
import trainer.checkpoints.checkpoint
def check_written(*arguments, **options): {KILL}
trainer.checkpoints.checkpoint.check_written = check_written
"""
WHILE_REMOVING = f"""
import os, signal, shutil
import trainer.checkpoints.retention
def delete_tree(place):
    if os.path.exists(place):
        shutil.rmtree(place + "/params")
        {KILL}
trainer.checkpoints.retention.delete_tree = delete_tree
"""
MOMENTS = [WHILE_WRITING, BEFORE_THE_COMMIT, BEFORE_READING_BACK, WHILE_REMOVING]


def plan_of(snapshot: str, name: str, count: int, **changes: object) -> Plan:
    plan = {
        "name": "test",
        "model": MODEL,
        "stages": [stage("first", snapshot, steps=count, **changes), stage("second", snapshot, steps=4, **changes)],
        "checkpoint": {"every_steps": 2, "keep": 2},
        "log_every": 1,
        "evaluate_every": 1000,
        "rematerialise": False,
    }
    return Plan.model_validate(plan)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("snapshot")
    return write_snapshot(directory, {name: {"train": counting_records(60, 1)} for name in ("first", "second")})


def test_killed_at_any_moment_it_goes_on_to_the_same_bits(snapshot: str, tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan.yaml", plan_of(snapshot, "kill", STEPS))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    status, output = run("train", plan, "-o", whole)
    assert status == 0, output
    for moment in MOMENTS:
        status, output = run("train", plan, "-o", parts, before=moment)
        assert status == -signal.SIGKILL, output
    draw = random.Random(11)
    for _ in range(2):
        process = start("train", plan, "-o", parts)
        reached = steps(parts)[-1]
        await_line(process, f"first step {reached + draw.randint(1, 6)} ")
        time.sleep(draw.random() / 10)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    status, output = run("train", plan, "-o", parts)
    assert status == 0 and "going on from" in output, output
    assert same_bits(whole, parts, STEPS + 4)
    assert sorted(os.listdir(parts / "checkpoints")) == sorted(os.listdir(whole / "checkpoints"))


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_saved_by_four_processes_it_goes_on_with_two_and_with_one(snapshot: str, tmp_path: Path) -> None:
    changed = plan_of(snapshot, "hosts", 12, microbatches=1).model_dump(mode="json")
    plan = write_plan(tmp_path / "plan.yaml", Plan.model_validate({**changed, "mesh": {"fsdp": 2, "tensor": 2}}))
    whole, parts = tmp_path / "whole", tmp_path / "parts"

    def launch(directory: Path, processes: int) -> tuple[str | Path, ...]:
        devices = str(4 // processes)
        return "launch", plan, "-o", directory, "--processes", str(processes), "--devices-per-process", devices

    four = start(*launch(parts, 4))
    await_line(four, "first step 3 ")
    four.terminate()
    output = four.communicate()[0]
    assert four.returncode == 0 and "stopped after step" in output, output
    stopped = steps(parts)[-1]
    assert 3 < stopped < 12

    two = start(*launch(parts, 2))
    await_line(two, f"first step {stopped + 2} ")
    one, other = children_of(two.pid)
    os.kill(other, signal.SIGKILL)
    output = two.communicate()[0]
    assert two.returncode == 128 + signal.SIGKILL, output
    assert not Path(f"/proc/{one}").exists()

    for directory in (parts, whole):
        status, output = run(*launch(directory, 1))
        assert status == 0 and "finished 16 steps" in output, output
    assert same_bits(whole, parts, 16)
