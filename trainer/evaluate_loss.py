"""Held-out loss: the same sequences of a validation split each time, in batches of one shape."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from schemas.model_config import ModelConfig
from trainer.data import Batches
from trainer.loss import sequence_loss
from trainer.model.attention import Target
from trainer.model.documents import DocumentRule
from trainer.model.parameters import Parameters


def held_out_loss(
    config: ModelConfig,
    params: Parameters,
    batches: Batches,
    sequences: int,
    compute_dtype: str = "float32",
    rule: DocumentRule | None = None,
    target: Target | None = None,
) -> float:
    """Mean cross-entropy of a target, in nats, over the first `sequences` records of a split's keyed order.

    Args:
        config: the model's sizes.
        params: its weights.
        batches: of the split, one microbatch each. The last one is filled up with sequences that do not count.
        sequences: how many to use, no more than the split has.
        compute_dtype: as in `model.logits`.
        rule: as in `sequence_loss`.
        target: as in `sequence_loss`.
    """
    total = np.zeros(2)
    for first in range(0, sequences, batches.shape.total):
        counted = (np.arange(first, first + batches.shape.total) < sequences).astype(np.float32)
        total += np.asarray(_summed_loss(config, compute_dtype, rule, target, params, batches.at(first), counted))
    return float(total[0] / total[1])


@partial(jax.jit, static_argnames=("config", "compute_dtype", "rule", "target"))
def _summed_loss(
    config: ModelConfig,
    compute_dtype: str,
    rule: DocumentRule | None,
    target: Target | None,
    params: Parameters,
    batch: jax.Array,
    counted: jax.Array,
) -> jax.Array:
    """[cross-entropy, targets], summed over the sequences that count."""
    losses = sequence_loss(config, params, batch[0], jnp.dtype(compute_dtype), rule=rule, target=target)
    return jnp.stack([jnp.sum(losses.cross_entropy * counted), jnp.sum(losses.targets * counted)])
