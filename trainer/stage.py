"""One stage: its steps, evaluations, checkpoints and log lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from loaders.sequences import Sequences
from schemas.plan import Plan
from trainer.checkpoints.checkpoint import Checkpoints
from trainer.checkpoints.lineage import Lineage, StageDone
from trainer.data import Batches, BatchShape
from trainer.evaluate_loss import held_out_loss
from trainer.mesh import batch_sharding, shardings
from trainer.metrics.flops import Peak, flops_per_token
from trainer.metrics.log import RunLog
from trainer.metrics.meter import Meter
from trainer.metrics.profile import Profile
from trainer.metrics.watch import LateWatch
from trainer.model.documents import DocumentRule
from trainer.model.parameters import Parameters
from trainer.schedule import learning_rate
from trainer.snapshot import StageData
from trainer.step import StepConfig, TrainState, empty_moments, step_config, train_step


@dataclass(frozen=True)
class Run:
    """What stays the same through all stages."""

    plan: Plan
    mesh: Mesh
    data: list[StageData]
    """Of the stages that have been opened, in order."""
    checkpoints: Checkpoints
    log: RunLog
    peak: Peak
    must_stop: Callable[[int], bool]
    """Asked after each step, with the steps done over all stages."""
    must_save: Callable[[], bool] = lambda: False
    """Asked after `must_stop`: whether it is time for a temporary checkpoint."""
    profile: Profile | None = None

    def step_config(self, number: int) -> StepConfig:
        """What the steps of stage `number` are compiled for."""
        stage, device = self.plan.stages[number], jax.devices()[0]
        return step_config(self.plan, stage, self.rule(number), jax.default_backend(), device)

    def rule(self, number: int) -> DocumentRule:
        """How stage `number` treats the documents of a record."""
        return DocumentRule(self.data[number].separator_id, self.plan.stages[number].separate_documents)


class Stopped(Exception):
    """The run was asked to stop and has saved."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


def train_stage(run: Run, number: int, state: TrainState, lineage: Lineage) -> tuple[TrainState, Lineage]:
    """Train stage `number` to its end.

    Args:
        run: what stays the same.
        number: of the stage, from 0.
        state: weights and moments, given up to the result.
        lineage: of the state; it tells how far this stage has come, if it has begun.

    Returns:
        State and lineage after the stage's last step, which has a checkpoint.

    Raises:
        Stopped: the run was asked to stop; there is a checkpoint of the step.
        CheckFailed: loss or gradient is not finite; the update was not made.
    """
    plan, stage, config = run.plan, run.plan.stages[number], run.step_config(number)
    before = sum(s.steps for s in plan.stages[:number])
    done = 0
    if len(lineage.stages) > number:
        done = lineage.stages[number].steps
    else:
        if number > 0 and stage.optimizer == "fresh":
            state = state._replace(moments=_fresh_moments(run, config, state.params))
        _evaluate(run, number, 0, state.params)
    parent = lineage.step if lineage.stages else None
    meter = Meter(stage.batch_sequences * plan.model.context_length, flops_per_token(plan.model), run.peak.flops)

    def seen(step: int, loss: float, norm: float) -> None:
        meter.finished(loss)
        if step % plan.log_every == 0 or step == stage.steps:
            rates = {"learning_rate": learning_rate(stage.learning_rate, step - 1), "gradient_norm": norm}
            run.log.training(stage.name, step, before + step, {**rates, **meter.take()})
        elif step == done + 1:
            meter.restart_clock()  # the first step compiles

    watch = LateWatch(stage.name, seen)
    train_data = _batches(run, number, run.data[number].train, stage.microbatches)
    steps = range(done + 1, stage.steps + 1)
    firsts = ((stage.batch_of(step) - 1) * stage.batch_sequences for step in steps)
    with closing(train_data.following(firsts)) as batches:
        for step in steps:
            asked = time.perf_counter()
            batch = next(batches)
            meter.waited(time.perf_counter() - asked)
            rate = np.float32(learning_rate(stage.learning_rate, step - 1))
            if run.profile is not None:
                run.profile.before(before + step)
            state, metrics = train_step(config, state, batch, rate)
            if run.profile is not None:
                run.profile.after(before + step, metrics.loss)
            watch.dispatched(step, metrics)

            stops, last = run.must_stop(before + step), step == stage.steps
            saves = stops or last or run.must_save() or (before + step) % plan.checkpoint.every_steps == 0
            evaluates = last or step % plan.evaluate_every == 0
            if not (saves or evaluates):
                continue
            watch.catch_up()
            if evaluates:
                _evaluate(run, number, step, state.params)
            if saves:
                lineage = _lineage_at(run, lineage, number, step, before + step, parent)
                run.checkpoints.save(state, lineage)
                parent = lineage.step
            run.log.flush()
            meter.restart_clock()
            if stops and not (last and number + 1 == len(plan.stages)):
                raise Stopped(before + step)
    return state, lineage


def _lineage_at(run: Run, lineage: Lineage, number: int, step: int, total_step: int, parent: int | None) -> Lineage:
    stage = run.plan.stages[number]
    done = StageDone(
        name=stage.name,
        snapshot_digests=run.data[number].digests,
        steps=step,
        sequences=stage.batch_of(step) * stage.batch_sequences,
    )
    return Lineage(
        plan_name=run.plan.name,
        plan_fingerprint=run.plan.fingerprint(number),
        model=run.plan.model,
        step=total_step,
        stages=(*lineage.stages[:number], done),
        parent=parent,
    )


def _batches(run: Run, number: int, sequences: Sequences, microbatches: int) -> Batches:
    """Sequences in batches of the size that stage `number` holds on the devices at once."""
    stage = run.plan.stages[number]
    ids = run.plan.model.context_length + 1
    shape = BatchShape(microbatches, stage.batch_sequences // stage.microbatches, ids)
    return Batches(sequences, shape, batch_sharding(run.mesh))


def _fresh_moments(run: Run, config: StepConfig, params: Parameters) -> Any:
    make = partial(empty_moments, config)
    layout = shardings(run.plan.model, run.mesh, jax.eval_shape(make, params))
    return jax.jit(make, out_shardings=layout)(params)


def _evaluate(run: Run, number: int, step: int, params: Parameters) -> None:
    """Held-out losses of this stage's and all earlier stages' data, by language."""
    plan = run.plan

    def loss(known: int, held_out: Sequences) -> float:
        batches = _batches(run, number, held_out, microbatches=1)
        wanted = min(plan.evaluation_sequences, len(held_out.parts[0].records))
        config = run.step_config(known)
        return held_out_loss(plan.model, params, batches, wanted, config.compute_dtype, config.rule, config.target)

    losses = {
        plan.stages[known].name: {
            language: loss(known, held_out) for language, held_out in run.data[known].validation.items()
        }
        for known in range(number + 1)
    }
    before = sum(s.steps for s in plan.stages[:number])
    run.log.evaluation(plan.stages[number].name, step, before + step, losses)
