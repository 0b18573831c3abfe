"""Rotary positions as in GPT-J: adjacent channel pairs, the first channels of each head only."""

from __future__ import annotations

import jax
import jax.numpy as jnp

BASE = 10000.0


def rotate(x_BHTK: jax.Array, positions: jax.Array, rotary_dim: int) -> jax.Array:
    """Turn the pair (2i, 2i+1) of each head by position * BASE^(-2i/rotary_dim); other channels pass through.

    Args:
        x_BHTK: queries or keys, [batch, heads, length, head channels].
        positions: of each token, [length] or broadcastable to [batch, heads, length].
        rotary_dim: how many leading channels turn; even.

    Returns:
        The same shape and type; the angles are float32. Source: Su et al. 2021, in GPT-J's layout.
    """
    frequency = BASE ** (-jnp.arange(0, rotary_dim, 2, dtype=jnp.float32) / rotary_dim)
    angle = positions[..., None].astype(jnp.float32) * frequency
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    turning = x_BHTK[..., :rotary_dim].astype(jnp.float32)
    even, odd = turning[..., ::2], turning[..., 1::2]
    turned = jnp.stack([even * cos - odd * sin, odd * cos + even * sin], axis=-1).reshape(turning.shape)
    return jnp.concatenate([turned.astype(x_BHTK.dtype), x_BHTK[..., rotary_dim:]], axis=-1)
