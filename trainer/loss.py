"""The training loss: next-token cross-entropy, and the z-loss that keeps the softmax's normaliser near one."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from schemas.model_config import ModelConfig
from trainer.model import head, hidden, unrolling
from trainer.parameters import Parameters

Z_LOSS = 1e-4
_SCORES_AT_ONCE = {"cpu": 1 << 20}
_SCORES_AT_ONCE_ELSEWHERE = 1 << 28


class SequenceLoss(NamedTuple):
    """Losses of each sequence, means over its tokens, float32 [batch], in nats."""

    cross_entropy: jax.Array
    z: jax.Array
    """Z_LOSS * (log Z)^2, JaxFormer's auxiliary loss."""


def sequence_loss(
    config: ModelConfig,
    params: Parameters,
    ids: jax.Array,
    compute_dtype: Any = jnp.float32,
    rematerialise: bool = False,
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
    """
    x_BTE = hidden(config, params, ids[:, :-1], compute_dtype, rematerialise)
    batch, length, width = x_BTE.shape
    pieces = _pieces(length, batch * config.vocabulary_rows)
    x_NBCE = x_BTE.reshape(batch, pieces, length // pieces, width).swapaxes(0, 1)
    targets_NBC = ids[:, 1:].reshape(batch, pieces, length // pieces).swapaxes(0, 1)

    def piece(_: None, x_and_targets: tuple[jax.Array, jax.Array]) -> tuple[None, SequenceLoss]:
        x_BCE, targets_BC = x_and_targets
        scores_BCV = head(params, x_BCE)
        log_normaliser = jax.nn.logsumexp(scores_BCV, axis=-1)
        # A masked sum instead of a gather: it stays local where the vocabulary is split over devices.
        chosen = jnp.arange(scores_BCV.shape[-1]) == targets_BC[..., None]
        cross_entropy = log_normaliser - jnp.sum(jnp.where(chosen, scores_BCV, 0.0), axis=-1)
        return None, SequenceLoss(cross_entropy.sum(-1), Z_LOSS * jnp.square(log_normaliser).sum(-1))

    again = jax.checkpoint(piece, prevent_cse=False)
    _, sums = jax.lax.scan(again, None, (x_NBCE, targets_NBC), unroll=unrolling())
    return SequenceLoss(sums.cross_entropy.sum(0) / length, sums.z.sum(0) / length)


def _pieces(length: int, scores_per_position: int) -> int:
    """The fewest equal pieces of the length whose scores fit the limit of the backend."""
    limit = _SCORES_AT_ONCE.get(jax.default_backend(), _SCORES_AT_ONCE_ELSEWHERE)
    fitting = (n for n in range(1, length + 1) if length % n == 0 and length // n * scores_per_position <= limit)
    return next(fitting, length)
