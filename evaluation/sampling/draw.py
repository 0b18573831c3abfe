"""The next token of each row: the likeliest, or drawn by temperature among the top k and the top p.

Nothing is sorted. The least weight that is kept is found by bisection over the bits of a float, exact to the last
one; the draw goes first to one of 128 lanes of the vocabulary, then to a token in it.

Shape letters: B rows, V vocabulary, N tokens of a lane, L lanes.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from evaluation.sampling.weights import LANES

_ONE_BITS = 0x3F800000
"""1.0 as an integer; positive floats are in the order of their bits."""


class Choice(NamedTuple):
    """How to choose; scalars, so that other values need no other compilation."""

    temperature: jax.Array
    """Scores are divided by it; 0 takes the likeliest token."""
    top_k: jax.Array
    """Only so many likeliest tokens, and those that equal the last of them; 0 for all."""
    top_p: jax.Array
    """Only the likeliest tokens that reach this share, of what the top k left; 1 for all."""


def draw(scores_BV: jax.Array, choice: Choice, keys_B: jax.Array) -> jax.Array:
    """Choose a token for each row, by its own key.

    Args:
        scores_BV: float32; V is a multiple of the lanes.
        choice: how.
        keys_B: random keys.

    Returns:
        int32 [B].
    """
    next_B: jax.Array = jax.lax.cond(choice.temperature > 0, _drawn, _likeliest, scores_BV, choice, keys_B)
    return next_B


def kept_weights(scores_BV: jax.Array, choice: Choice) -> jax.Array:
    """Each token's weight relative to the likeliest one's, 0 for what is not among the top k and top p: [B, V]."""
    best_B1 = scores_BV.max(axis=-1, keepdims=True)
    weights_BV = jnp.exp((scores_BV - best_B1) / choice.temperature)
    weights_BV = jax.lax.cond(choice.top_k > 0, _top_k, _all, weights_BV, choice)
    kept_BV: jax.Array = jax.lax.cond(choice.top_p < 1, _top_p, _all, weights_BV, choice)
    return kept_BV


def _drawn(scores_BV: jax.Array, choice: Choice, keys_B: jax.Array) -> jax.Array:
    weights_BNL = _lanes(kept_weights(scores_BV, choice))
    uniforms_B2 = jax.vmap(lambda key: jax.random.uniform(key, (2,)))(keys_B)
    lane_B = _invert(weights_BNL.sum(axis=1), uniforms_B2[:, 0])
    in_lane_BN = jnp.take_along_axis(weights_BNL, lane_B[:, None, None], axis=2)[..., 0]
    return _invert(in_lane_BN, uniforms_B2[:, 1]) * LANES + lane_B


def _invert(weights_BX: jax.Array, uniform_B: jax.Array) -> jax.Array:
    """The index at which the running sum of weights passes a share of the whole; never one of weight 0."""
    sums_BX = jnp.where(weights_BX > 0, jnp.cumsum(weights_BX, axis=-1), 0.0)
    return (sums_BX > uniform_B[:, None] * sums_BX.max(axis=-1, keepdims=True)).argmax(axis=-1).astype(jnp.int32)


def _likeliest(scores_BV: jax.Array, choice: Choice, keys_B: jax.Array) -> jax.Array:
    """The first of the largest scores; in two passes, which CPUs do with whole vectors, unlike argmax."""
    index_V = jnp.arange(scores_BV.shape[1], dtype=jnp.int32)
    largest_B1 = scores_BV.max(axis=-1, keepdims=True)
    return jnp.where(scores_BV == largest_B1, index_V, scores_BV.shape[1] - 1).min(axis=-1)


def _all(weights_BV: jax.Array, choice: Choice) -> jax.Array:
    return weights_BV


def _top_k(weights_BV: jax.Array, choice: Choice) -> jax.Array:
    return _leading(weights_BV, jnp.ones_like(weights_BV), choice.top_k.astype(jnp.float32))


def _top_p(weights_BV: jax.Array, choice: Choice) -> jax.Array:
    return _leading(weights_BV, weights_BV, choice.top_p * _total(_lanes(weights_BV)))


def _leading(weights_BV: jax.Array, sizes_BV: jax.Array, amount_B: jax.Array) -> jax.Array:
    """The largest weights whose sizes add up to an amount, at least; the others become 0."""
    weights_BNL, sizes_BNL = _lanes(weights_BV), _lanes(sizes_BV)
    bits_BNL = jax.lax.bitcast_convert_type(weights_BNL, jnp.int32)

    def halve(_: int, bounds: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        enough_B, high_B = bounds
        middle_B = enough_B + (high_B - enough_B + 1) // 2
        reached_B = _total(jnp.where(bits_BNL >= middle_B[:, None, None], sizes_BNL, 0.0)) >= amount_B
        return jnp.where(reached_B, middle_B, enough_B), jnp.where(reached_B, high_B, middle_B - 1)

    rows = weights_BV.shape[0]
    lowest, highest = jnp.zeros(rows, jnp.int32), jnp.full(rows, _ONE_BITS)
    least_B, _ = jax.lax.fori_loop(0, _ONE_BITS.bit_length(), halve, (lowest, highest))
    return jnp.where(bits_BNL >= least_B[:, None, None], weights_BNL, 0.0).reshape(weights_BV.shape)


def _lanes(x_BV: jax.Array) -> jax.Array:
    """[B, N, L]: token n L + l is in lane l, so that sums over a lane go through whole vectors."""
    return x_BV.reshape(x_BV.shape[0], -1, LANES)


def _total(x_BNL: jax.Array) -> jax.Array:
    return x_BNL.sum(axis=1).sum(axis=-1)
