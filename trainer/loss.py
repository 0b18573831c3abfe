"""The training loss: next-token cross-entropy, and the z-loss that keeps the softmax's normaliser near one."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from schemas.model_config import ModelConfig
from schemas.plan import Rematerialise
from trainer.model.attention import Target, this_machine
from trainer.model.decoder import head, hidden, unrolling
from trainer.model.documents import DocumentRule, target_mask
from trainer.model.parameters import Parameters

Z_LOSS = 1e-4
_SCORES_AT_ONCE = {"cpu": 1 << 20}
SCORES_ON_A_DEVICE = 1 << 26
"""Scores that an accelerator makes at once: 256 MiB, and a few times that while they are worked on."""


class SequenceLoss(NamedTuple):
    """Losses of each sequence, sums over its targets, float32 [batch], in nats."""

    cross_entropy: jax.Array
    z: jax.Array
    """Z_LOSS * (log Z)^2, JaxFormer's auxiliary loss."""
    targets: jax.Array
    """How many targets the sums are over: all that are not padding."""


def sequence_loss(
    config: ModelConfig,
    params: Parameters,
    ids: jax.Array,
    compute_dtype: Any = jnp.float32,
    rematerialise: Rematerialise = False,
    rule: DocumentRule | None = None,
    target: Target | None = None,
) -> SequenceLoss:
    """How well the model predicts ids[:, 1:] from ids[:, :-1].

    The scores over the vocabulary are made, used and (in the backward pass) made again a piece of the length at a
    time: they are the largest array of a step, and on a CPU pieces that stay in its cache are three times faster.

    Args:
        config: the model's sizes.
        params: weights.
        ids: integers [batch, length + 1].
        compute_dtype: as in `model.logits`.
        rematerialise: as in `model.hidden`.
        rule: tells padding, which is not predicted, and documents; left out, every target counts.
        target: as in `model.hidden`.
    """
    target = target or this_machine()
    x_BTE = hidden(config, params, ids[:, :-1], compute_dtype, rematerialise, rule, target)
    batch, length, width = x_BTE.shape
    pieces = _pieces(config, length, batch * config.vocabulary_rows // _sharers(target.platform), target.platform)
    x_NBCE = x_BTE.reshape(batch, pieces, length // pieces, width).swapaxes(0, 1)
    counted_BT = target_mask(ids, rule)
    targets_NBC, counted_NBC = (
        x_BT.reshape(batch, pieces, length // pieces).swapaxes(0, 1) for x_BT in (ids[:, 1:], counted_BT)
    )

    def piece(_: None, part: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[None, tuple[jax.Array, jax.Array]]:
        x_BCE, targets_BC, counted_BC = part
        scores_BCV = head(params, x_BCE)
        log_normaliser = jax.nn.logsumexp(scores_BCV, axis=-1)
        # A masked sum instead of a gather: it stays local where the vocabulary is split over devices.
        chosen = jnp.arange(scores_BCV.shape[-1]) == targets_BC[..., None]
        cross_entropy = log_normaliser - jnp.sum(jnp.where(chosen, scores_BCV, 0.0), axis=-1)
        z = Z_LOSS * jnp.square(log_normaliser)
        return None, ((cross_entropy * counted_BC).sum(-1), (z * counted_BC).sum(-1))

    again = jax.checkpoint(piece, prevent_cse=False)
    _, (cross_entropy, z) = jax.lax.scan(
        again, None, (x_NBCE, targets_NBC, counted_NBC), unroll=unrolling(target.platform)
    )
    return SequenceLoss(cross_entropy.sum(0), z.sum(0), counted_BT.sum(-1))


def _sharers(platform: str) -> int:
    """How many devices hold a part of the scores. Virtual devices of a CPU share its cache, so they count as one."""
    mesh = jax.sharding.get_abstract_mesh()
    return 1 if platform == "cpu" or mesh.empty else mesh.size


def _pieces(config: ModelConfig, length: int, scores_per_position: int, platform: str) -> int:
    """The fewest equal pieces of the length whose scores fit the limit of the platform."""
    limit = _SCORES_AT_ONCE.get(platform, SCORES_ON_A_DEVICE)
    if platform == "cpu":
        # Each piece reads the whole head from memory, so it is to make about as many scores as the head has weights.
        limit = max(limit, config.width * config.vocabulary_rows // 2)
    fitting = (n for n in range(1, length + 1) if length % n == 0 and length // n * scores_per_position <= limit)
    return next(fitting, length)
