"""Train a plan's stages in order, from wherever the run stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

import jax

from schemas.plan import Plan, StagePlan
from storage.files import join
from trainer.checkpoints.checkpoint import DIRECTORY, open_checkpoints
from trainer.checkpoints.lineage import Lineage, check_continues
from trainer.mesh import abstract, check_divisible, make_mesh, shardings
from trainer.metrics.flops import device_peak, mfu_formula
from trainer.metrics.log import RunLog
from trainer.metrics.profile import Profile
from trainer.metrics.tensorboard import Events
from trainer.model.parameters import count_parameters
from trainer.processes.agreement import Agreement
from trainer.processes.signals import stop_on_sigterm
from trainer.snapshot import is_published, open_stage, open_stages
from trainer.stage import Run, Stopped, train_stage
from trainer.step import TrainState, initial_state

WAIT_SECONDS = 10.0
"""Between two looks for a snapshot that is waited for."""


class TrainResult(NamedTuple):
    """How a call of `train` ended."""

    step: int
    """Steps done, over all stages; there is a checkpoint of it."""
    finished: bool
    """All stages are done; False after SIGTERM or `stop_at`."""


def train(
    plan: Plan,
    directory: str,
    *,
    report: Callable[[str], None] = print,
    stop_at: int | None = None,
    wait: bool = False,
    profile_step: int | None = None,
) -> TrainResult:
    """Train until the plan's last step, SIGTERM or `stop_at`, beginning after the newest checkpoint, if there is one.

    Args:
        plan: what to train on what.
        directory: of the run, local or gs://; gets `plan.json`, `metrics.jsonl`, and `checkpoints` unless the plan
            names another.
        report: takes each line of progress.
        stop_at: save and return after this many steps over all stages.
        wait: begin each stage when its snapshots are published, instead of asking for all of them at once.
        profile_step: trace a few steps from this one on, counted over all stages.

    Raises:
        CodemillError: plan, snapshots, devices and checkpoints do not fit together.
        CheckFailed: data or checkpoints are damaged, or the loss is not finite.
    """
    mesh = make_mesh(plan.mesh)
    for stage in plan.stages:
        check_divisible(plan.model, mesh, stage.batch_sequences // stage.microbatches)
    data = [] if wait else open_stages(plan)
    log = RunLog(directory, report)
    peak = device_peak()
    place = plan.checkpoint.directory or join(directory, DIRECTORY)
    ends = [sum(s.steps for s in plan.stages[: i + 1]) for i in range(len(plan.stages))]
    profile = None if profile_step is None else Profile(directory, profile_step)
    with (
        jax.set_mesh(mesh),
        open_checkpoints(place, plan.checkpoint, ends) as checkpoints,
        stop_on_sigterm() as stop_asked,
        ExitStack() as at_end,
    ):
        agreement = Agreement(stop_asked, checkpoints.due)

        def must_stop(step: int) -> bool:
            checkpoints.poll()
            agreement.reached(step)
            return step == stop_at or agreement.stops

        run = Run(plan, mesh, data, checkpoints, log, peak, must_stop, lambda: agreement.saves, profile)
        if profile is not None:
            at_end.callback(profile.stop)
        try:
            latest = checkpoints.latest()
            lineage = _nothing(plan) if latest is None else checkpoints.lineage(latest)
            _open_up_to(run, agreement, max(0, len(lineage.stages) - 1), lineage.step)
            log.say(
                f"{plan.name}: {count_parameters(plan.model):,} parameters, {jax.device_count()} "
                f"{jax.default_backend()} device(s), mesh {dict(mesh.shape)}, "
                f"compute in {run.step_config(0).compute_dtype}"
            )
            log.say(mfu_formula(plan.model, peak))
            state = _begin(run, lineage, latest)
            log.keep_plan(plan)
            if plan.tensorboard and jax.process_index() == 0:
                log.write_events(Events(directory, lineage.step))
            for number in range(max(0, len(lineage.stages) - 1), len(plan.stages)):
                _open_up_to(run, agreement, number, lineage.step)
                state, lineage = train_stage(run, number, state, lineage)
        except Stopped as stopped:
            log.say(f"stopped after step {stopped.step}; the same command goes on from there")
            return TrainResult(stopped.step, False)
        log.say(f"finished {lineage.step} steps")
        return TrainResult(lineage.step, True)


def _open_up_to(run: Run, agreement: Agreement, number: int, step: int) -> None:
    """Open the data of the stages up to `number`, and wait for what is not published yet."""
    while len(run.data) <= number:
        stage = run.plan.stages[len(run.data)]

        def published(stage: StagePlan = stage) -> bool:
            return is_published(stage)

        if not published():
            run.log.say(f"{stage.name}: waiting for {', '.join(part.snapshot for part in stage.parts)}")
        if not agreement.wait_for(stage.name, published, WAIT_SECONDS):
            raise Stopped(step)
        run.data.append(open_stage(run.plan, stage))


def _nothing(plan: Plan) -> Lineage:
    """The lineage of fresh weights."""
    return Lineage(plan_name=plan.name, plan_fingerprint="", model=plan.model, step=0, stages=(), parent=None)


def _begin(run: Run, lineage: Lineage, latest: int | None) -> TrainState:
    """The newest checkpoint's state, or fresh weights."""
    plan = run.plan
    config = run.step_config(0)
    shapes = jax.eval_shape(lambda: initial_state(config, plan.seed))
    layout = shardings(plan.model, run.mesh, shapes)
    if latest is None:
        state: TrainState = jax.jit(lambda: initial_state(config, plan.seed), out_shardings=layout)()
        return state
    where = run.checkpoints.place(latest)
    check_continues(lineage, plan, [stage.digests for stage in run.data], where)
    state = run.checkpoints.restore(latest, abstract(shapes, layout))
    run.checkpoints.prune()
    state = state._replace(finite=jax.device_put(True, layout.finite))
    order = {stage.name: number for number, stage in enumerate(plan.stages)}
    reached = (len(lineage.stages) - 1, lineage.stages[-1].steps)
    run.log.resume(lambda stage, step: stage in order and (order[stage], step) <= reached)
    run.log.say(f"going on from {where}: stage {lineage.stages[-1].name}, step {reached[1]}")
    return state
