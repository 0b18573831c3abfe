"""The compiled functions of sampling: read a stretch of the prompts, spread it over rows, write a stretch of tokens.

Shape letters: B batch, T tokens of a stretch, N at most so many new tokens.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from evaluation.sampling.draw import Choice, draw
from evaluation.sampling.forward import Cache, forward, next_scores
from evaluation.sampling.weights import Weights
from schemas.model_config import ModelConfig

STRETCH = 32
"""The most tokens that one call writes."""


class State(NamedTuple):
    """Where a batch stands; it is given away at each call."""

    cache: Cache
    last_B: jax.Array
    """The last token of each row, which is not in the cache yet."""
    slot: jax.Array
    """Where that goes, in all rows."""
    done_B: jax.Array
    """Rows that have ended."""


class Rows(NamedTuple):
    """What stays the same from call to call."""

    begin_B: jax.Array
    """First slot of each row's text."""
    keys_B: jax.Array
    """Random key of each row."""


@partial(jax.jit, static_argnames="config", donate_argnames="cache")
def read(
    config: ModelConfig, weights: Weights, cache: Cache, ids_BT: jax.Array, slot: jax.Array, begin_B: jax.Array
) -> Cache:
    """Put a stretch of the prompts, from `slot` on, into the cache."""
    return forward(config, weights, cache, ids_BT, slot, begin_B)[0]


@partial(jax.jit, static_argnames="config")
def spread(config: ModelConfig, cache: Cache, source_B: jax.Array) -> Cache:
    """A cache of other rows: each is a copy of one that was read."""

    def of_array(x_RSK: jax.Array) -> jax.Array:
        x_BHSK = x_RSK.reshape(-1, config.heads, *x_RSK.shape[1:])
        return x_BHSK[source_B].reshape(-1, *x_RSK.shape[1:])

    spread_out: Cache = jax.tree.map(of_array, cache)
    return spread_out


@partial(jax.jit, static_argnames="config", donate_argnames="state")
def write(
    config: ModelConfig,
    weights: Weights,
    state: State,
    rows: Rows,
    choice: Choice,
    count: jax.Array,
    separator_id: jax.Array,
) -> tuple[State, jax.Array]:
    """Add `count` tokens to each row, at most `STRETCH`, or fewer when all rows have ended.

    A row ends with the separator. A token's key is the row's, folded with the token's position in the text, so that
    nothing else has a say in it.

    Returns:
        The state, and the new tokens, int32 [B, STRETCH]: the separator where a row has ended.
    """

    def going_on(carry: tuple[jax.Array, State, jax.Array]) -> jax.Array:
        return (carry[0] < count) & ~carry[1].done_B.all()

    def add(carry: tuple[jax.Array, State, jax.Array]) -> tuple[jax.Array, State, jax.Array]:
        index, (cache, last_B, slot, done_B), new_BN = carry
        cache, x_B1E = forward(config, weights, cache, last_B[:, None], slot, rows.begin_B)
        keys_B = jax.vmap(jax.random.fold_in)(rows.keys_B, slot - rows.begin_B)
        next_B = draw(next_scores(weights, x_B1E[:, 0]), choice, keys_B)
        next_B = jnp.where(done_B, separator_id, next_B)
        done_B = done_B | (next_B == separator_id)
        return index + 1, State(cache, next_B, slot + 1, done_B), new_BN.at[:, index].set(next_B)

    none_BN = jnp.full((state.last_B.shape[0], STRETCH), separator_id, jnp.int32)
    _, state, new_BN = jax.lax.while_loop(going_on, add, (jnp.int32(0), state, none_BN))
    return state, new_BN
