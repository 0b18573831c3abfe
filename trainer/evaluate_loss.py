"""Held-out loss: the same sequences of a validation split each time, in batches of one shape."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from schemas.model_config import ModelConfig
from trainer.data import Batches
from trainer.loss import sequence_loss
from trainer.parameters import Parameters


def held_out_loss(
    config: ModelConfig, params: Parameters, batches: Batches, sequences: int, compute_dtype: str = "float32"
) -> float:
    """Mean cross-entropy of a token, in nats, over the first `sequences` records of a split's keyed order.

    Args:
        config: the model's sizes.
        params: its weights.
        batches: of the split, one microbatch each. The last one is filled up with sequences that do not count.
        sequences: how many to use at most; a smaller split is used whole.
        compute_dtype: as in `model.logits`.
    """
    wanted = min(sequences, len(batches.records))
    total = jnp.float32(0)
    for first in range(0, wanted, batches.shape.total):
        counted = (np.arange(first, first + batches.shape.total) < wanted).astype(np.float32)
        total += _summed_loss(config, compute_dtype, params, batches.at(first), counted)
    return float(total) / wanted


@partial(jax.jit, static_argnames=("config", "compute_dtype"))
def _summed_loss(
    config: ModelConfig, compute_dtype: str, params: Parameters, batch: jax.Array, counted: jax.Array
) -> jax.Array:
    losses = sequence_loss(config, params, batch[0], jnp.dtype(compute_dtype))
    return jnp.sum(losses.cross_entropy * counted)
