"""Train a plan's stages in order, from wherever the run stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax

from schemas.plan import Plan
from storage.files import join
from trainer.checkpoint import DIRECTORY, open_checkpoints
from trainer.flops import device_peak, mfu_formula
from trainer.lineage import Lineage, check_continues
from trainer.log import RunLog
from trainer.mesh import abstract, check_divisible, make_mesh, shardings
from trainer.parameters import count_parameters
from trainer.signals import stop_on_sigterm
from trainer.snapshot import open_stages
from trainer.stage import Run, Stopped, train_stage
from trainer.step import TrainState, initial_state


class TrainResult(NamedTuple):
    """How a call of `train` ended."""

    step: int
    """Steps done, over all stages; there is a checkpoint of it."""
    finished: bool
    """All stages are done; False after SIGTERM or `stop_at`."""


def train(
    plan: Plan, directory: str, *, report: Callable[[str], None] = print, stop_at: int | None = None
) -> TrainResult:
    """Train until the plan's last step, SIGTERM or `stop_at`, beginning after the newest checkpoint, if there is one.

    Args:
        plan: what to train on what.
        directory: of the run, local or gs://; gets `metrics.jsonl`, and `checkpoints` unless the plan names another.
        report: takes each line of progress.
        stop_at: save and return after this many steps over all stages.

    Raises:
        CodemillError: plan, snapshots, devices and checkpoints do not fit together.
        CheckFailed: data or checkpoints are damaged, or the loss is not finite.
    """
    mesh = make_mesh(plan.mesh)
    for stage in plan.stages:
        check_divisible(plan.model, mesh, stage.batch_sequences // stage.microbatches)
    data = open_stages(plan)
    log = RunLog(directory, report)
    peak = device_peak()
    place = plan.checkpoint.directory or join(directory, DIRECTORY)
    ends = [sum(s.steps for s in plan.stages[: i + 1]) for i in range(len(plan.stages))]
    with (
        jax.set_mesh(mesh),
        open_checkpoints(place, plan.checkpoint.keep, ends) as checkpoints,
        stop_on_sigterm() as stop_asked,
    ):
        run = Run(plan, mesh, data, checkpoints, log, peak, lambda step: step == stop_at or stop_asked(step))
        log.say(
            f"{plan.name}: {count_parameters(plan.model):,} parameters, {jax.device_count()} {jax.default_backend()} "
            f"device(s), mesh {dict(mesh.shape)}, compute in {run.step_config(0).compute_dtype}"
        )
        log.say(mfu_formula(plan.model, peak))
        state, lineage = _begin(run)
        for number in range(max(0, len(lineage.stages) - 1), len(plan.stages)):
            try:
                state, lineage = train_stage(run, number, state, lineage)
            except Stopped as stopped:
                log.say(f"stopped after step {stopped.step}; the same command goes on from there")
                return TrainResult(stopped.step, False)
        log.say(f"finished {lineage.step} steps")
        return TrainResult(lineage.step, True)


def _begin(run: Run) -> tuple[TrainState, Lineage]:
    """The newest checkpoint, or fresh weights."""
    plan = run.plan
    config = run.step_config(0)
    shapes = jax.eval_shape(lambda: initial_state(config, plan.seed))
    layout = shardings(plan.model, run.mesh, shapes)
    latest = run.checkpoints.latest()
    if latest is None:
        state = jax.jit(lambda: initial_state(config, plan.seed), out_shardings=layout)()
        nothing = Lineage(plan_name=plan.name, plan_fingerprint="", model=plan.model, step=0, stages=(), parent=None)
        return state, nothing
    lineage = run.checkpoints.lineage(latest)
    where = run.checkpoints.place(latest)
    check_continues(lineage, plan, [stage.digest for stage in run.data], where)
    state = run.checkpoints.restore(latest, abstract(shapes, layout))
    state = state._replace(finite=jax.device_put(True, layout.finite))
    order = {stage.name: number for number, stage in enumerate(plan.stages)}
    reached = (len(lineage.stages) - 1, lineage.stages[-1].steps)
    run.log.resume(lambda stage, step: stage in order and (order[stage], step) <= reached)
    run.log.say(f"going on from {where}: stage {lineage.stages[-1].name}, step {reached[1]}")
    return state, lineage
