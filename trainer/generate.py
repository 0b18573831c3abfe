"""Continue texts one token at a time, greedily or by temperature, with shapes that never change.

Every token runs the whole model anew: simple, right and slow, for samples of a few hundred tokens.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from schemas.errors import CodemillError
from schemas.model_config import ModelConfig
from trainer.model import head, hidden
from trainer.parameters import Parameters

_LENGTH_STEP = 64


def generate(
    config: ModelConfig,
    params: Parameters,
    ids: NDArray[np.int32],
    new_tokens: int,
    seed: int = 0,
    temperature: float = 0.0,
) -> NDArray[np.int32]:
    """Continue prompts of equal length.

    Args:
        config: the model's sizes.
        params: its weights.
        ids: integers [batch, prompt length], at least one token each.
        new_tokens: how many to add.
        seed: of the draws.
        temperature: 0 takes the likeliest token; otherwise scores are divided by it before drawing.

    Returns:
        int32 [batch, prompt length + new_tokens].

    Raises:
        CodemillError: an empty prompt, or more tokens than the context holds.
    """
    batch, prompt = ids.shape
    total = prompt + new_tokens
    if not 0 < prompt <= total <= config.context_length:
        raise CodemillError(
            f"{prompt} prompt tokens and {new_tokens} new ones do not fit a context of {config.context_length}",
            "give at least one prompt token and shorten the prompt or the continuation",
        )
    # Few different lengths, so few compilations; what lies past the current token is masked by causality.
    padded = np.zeros((batch, min(config.context_length, -(-total // _LENGTH_STEP) * _LENGTH_STEP)), np.int32)
    padded[:, :prompt] = ids
    key = jax.random.key(seed)
    return np.asarray(_continue(config, params, padded, prompt, total, key, jnp.float32(temperature)))[:, :total]


@partial(jax.jit, static_argnames="config")
def _continue(
    config: ModelConfig,
    params: Parameters,
    ids_BT: jax.Array,
    prompt: int,
    total: int,
    key: jax.Array,
    temperature: jax.Array,
) -> jax.Array:
    def add_token(position: int, ids_BT: jax.Array) -> jax.Array:
        x_BTE = hidden(config, params, ids_BT)
        last_B1E = jax.lax.dynamic_slice_in_dim(x_BTE, position - 1, 1, axis=1)
        scores_BV = head(params, last_B1E)[:, 0]
        drawn_B = jax.random.categorical(
            jax.random.fold_in(key, position), scores_BV / jnp.where(temperature > 0, temperature, 1.0)
        )
        next_B = jnp.where(temperature > 0, drawn_B, scores_BV.argmax(axis=-1))
        return ids_BT.at[:, position].set(next_B.astype(ids_BT.dtype))

    continued: jax.Array = jax.lax.fori_loop(prompt, total, add_token, ids_BT)
    return continued
