"""The training loss: next-token cross-entropy and the z-loss that keeps the softmax's normaliser near one."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

Z_LOSS = 1e-4


class TokenLoss(NamedTuple):
    """Per-token losses, float32 [batch, length], in nats."""

    cross_entropy: jax.Array
    z: jax.Array
    """Z_LOSS * (log Z)^2, JaxFormer's auxiliary loss."""


def token_loss(scores_BTV: jax.Array, targets_BT: jax.Array) -> TokenLoss:
    """Losses of each position, from float32 scores [batch, length, vocabulary] and the ids that came next."""
    log_normaliser = jax.nn.logsumexp(scores_BTV, axis=-1)
    # A masked sum instead of a gather: it stays local where the vocabulary is split over devices.
    chosen = jnp.arange(scores_BTV.shape[-1]) == targets_BT[..., None]
    target_score = jnp.sum(jnp.where(chosen, scores_BTV, 0.0), axis=-1)
    return TokenLoss(log_normaliser - target_score, Z_LOSS * jnp.square(log_normaliser))
