"""One optimizer step: gradients summed over microbatches in float32, then clip, Adam, decay and the rate."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from schemas.model_config import ModelConfig
from schemas.plan import Plan, Rematerialise, StagePlan
from trainer.loss import sequence_loss
from trainer.mesh import constrain_parameters
from trainer.model.attention import Target, choose_kernel
from trainer.model.documents import DocumentRule
from trainer.model.parameters import Parameters, initial_parameters
from trainer.optimizer import make_optimizer

Summed = tuple[Parameters, jax.Array, jax.Array]
"""Gradient, loss and share of places that are targets, summed over microbatches."""


class TrainState(NamedTuple):
    """All that a step changes."""

    params: Parameters
    moments: Any
    """State of the optimizer chain."""
    finite: jax.Array
    """False from the first non-finite loss or gradient on; nothing else changes from then on."""


class StepConfig(NamedTuple):
    """What a compiled step is made for; equal configs share one compilation."""

    model: ModelConfig
    weight_decay: float
    clip: float
    compute_dtype: str
    rematerialise: Rematerialise
    rule: DocumentRule
    target: Target | None = None
    """None: this machine, with plain attention."""


class Metrics(NamedTuple):
    """Scalars of one step, on the device until someone looks."""

    loss: jax.Array
    """Mean cross-entropy of a target in nats, z-loss and padding not included."""
    gradient_norm: jax.Array
    """Global norm before clipping."""
    finite: jax.Array


def step_config(
    plan: Plan, stage: StagePlan, rule: DocumentRule, platform: str, device: jax.Device | None = None
) -> StepConfig:
    """What the steps of a stage are compiled for on a platform: cpu, gpu or tpu.

    Without a `device` of it, one of today's is meant: no device is asked for, and none is taken from another program.

    Raises:
        CodemillError: the plan asks for a fused attention that the platform has not.
    """
    automatic = "float32" if platform == "cpu" else "bfloat16"
    dtype = automatic if plan.compute_dtype == "auto" else plan.compute_dtype
    kernel = choose_kernel(plan.attention, platform, plan.model, dtype, rule.apart, device)
    return StepConfig(
        plan.model, stage.weight_decay, stage.clip, dtype, plan.rematerialise, rule, Target(platform, kernel)
    )


def initial_state(config: StepConfig, seed: int) -> TrainState:
    """Fresh weights and empty moments."""
    params = initial_parameters(config.model, seed)
    return TrainState(params, empty_moments(config, params), jnp.bool_(True))


def empty_moments(config: StepConfig, params: Parameters) -> Any:
    """The optimizer's state before its first step."""
    return make_optimizer(config.model, config.weight_decay, config.clip).init(params)


@partial(jax.jit, static_argnames="config", donate_argnames="state")
def train_step(
    config: StepConfig, state: TrainState, batch: jax.Array, learning_rate: jax.Array
) -> tuple[TrainState, Metrics]:
    """One update.

    A loss or gradient that is not finite leaves the state as it was, and every later step too, so the host may
    look at the metrics a step late and still find the weights of before the fault.

    Args:
        config: static; another value compiles again.
        state: given up to the result.
        batch: ids, int32 [microbatches, sequences, length + 1].
        learning_rate: float32 scalar, so that it may change without a compilation.
    """
    places = batch[0].size - len(batch[0])

    def objective(params: Parameters, ids: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        losses = sequence_loss(
            config.model, params, ids, jnp.dtype(config.compute_dtype), config.rematerialise, config.rule, config.target
        )
        cross_entropy, z = losses.cross_entropy.sum() / places, losses.z.sum() / places
        return cross_entropy + z, (cross_entropy, losses.targets.sum() / places)

    def gradient_of(ids: jax.Array) -> Summed:
        gradient, (loss, share) = jax.grad(objective, has_aux=True)(state.params, ids)
        return constrain_parameters(config.model, gradient), loss, share

    def add(total: Summed, ids: jax.Array) -> tuple[Summed, None]:
        return jax.tree.map(jnp.add, total, gradient_of(ids)), None

    total = gradient_of(batch[0])
    if len(batch) > 1:
        total, _ = jax.lax.scan(add, total, batch[1:])
    # Means over the targets of the whole batch: a microbatch with more padding weighs less.
    gradient, loss, _ = jax.tree.map(lambda leaf: leaf / jnp.maximum(total[2], 1 / places), total)

    norm = optax.tree.norm(gradient)
    finite = state.finite & jnp.isfinite(loss) & jnp.isfinite(norm)
    optimizer = make_optimizer(config.model, config.weight_decay, config.clip)
    direction, moments = optimizer.update(gradient, state.moments, state.params)
    params = jax.tree.map(lambda p, d: p - learning_rate * d, state.params, direction)
    kept = jax.tree.map(partial(jnp.where, finite), (params, moments), (state.params, state.moments))
    # The result lies where the argument lay: otherwise the next call would compile again.
    params, moments = constrain_parameters(config.model, kept)
    return TrainState(params, moments, finite), Metrics(loss, norm, finite)
