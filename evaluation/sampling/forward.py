"""The model over new tokens only, with keys and values of the tokens before them in a cache.

Every row of a batch ends at the same slot of the cache: rows whose text is shorter begin later, behind slots that
they do not see. So a step writes one slot of all rows at once.

Shape letters: B batch, T new tokens, S slots, H heads, R all heads of all rows, K channels of a head, E width, V
vocabulary.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from evaluation.sampling.weights import Layer, Weights
from schemas.model_config import ModelConfig
from trainer.model.attention import MASKED
from trainer.model.decoder import layer_norm
from trainer.model.rotary import rotate


class Cache(NamedTuple):
    """Rotated keys, and values: an array [R, S, K] for each layer.

    They are written in place. With batch and heads apart they would not be when the batch is one: XLA then takes that
    axis away, and copies what it looks at in two shapes.
    """

    keys: tuple[jax.Array, ...]
    values: tuple[jax.Array, ...]


def empty_cache(config: ModelConfig, rows: int, slots: int, dtype: Any) -> Cache:
    """A cache of zeros."""
    shape = (rows * config.heads, slots, config.head_dim)
    keys, values = (tuple(jnp.zeros(shape, dtype) for _ in range(config.layers)) for _ in range(2))
    return Cache(keys, values)


def forward(
    config: ModelConfig, weights: Weights, cache: Cache, ids_BT: jax.Array, slot: jax.Array, begin_B: jax.Array
) -> tuple[Cache, jax.Array]:
    """Run all layers over new tokens.

    Args:
        config: the model's sizes.
        weights: laid out.
        cache: of the tokens before.
        ids_BT: new tokens.
        slot: of the first of them.
        begin_B: first slot of each row's text; what stands before it is seen by no token of the text.

    Returns:
        The cache with the new tokens in it, and the last residual stream [B, T, E], not normed.
    """
    slots_T = slot + jnp.arange(ids_BT.shape[1])
    positions_B1T = (slots_T - begin_B[:, None])[:, None]
    index_S = jnp.arange(cache.keys[0].shape[1])
    seen_BTS = (index_S <= slots_T[:, None]) & (index_S >= begin_B[:, None, None])
    hidden_RTS = jnp.repeat(jnp.where(seen_BTS, 0.0, MASKED), config.heads, axis=0)
    x_BTE = weights.embedding[ids_BT]
    keys, values = [], []
    for layer, key, value in zip(weights.layers, *cache, strict=True):
        inner = layer_norm(x_BTE, layer.norm_scale, layer.norm_bias) @ layer.inward
        query_RTK, *new = _heads(config, inner, positions_B1T)
        key, value = (
            jax.lax.dynamic_update_slice(old, x, (0, slot, 0)) for old, x in zip((key, value), new, strict=True)
        )
        keys.append(key)
        values.append(value)
        mixed_BTA = _attend(query_RTK, key, value, hidden_RTS, config.heads)
        x_BTE = x_BTE + _outward(layer, mixed_BTA, inner[..., 3 * config.width :])
    return Cache(tuple(keys), tuple(values)), x_BTE


def next_scores(weights: Weights, x_BE: jax.Array) -> jax.Array:
    """Scores over the vocabulary after one token of each row, float32 [B, V]."""
    normed_BE = layer_norm(x_BE, weights.norm_scale, weights.norm_bias)
    scores_BV = jnp.einsum("be,ev->bv", normed_BE, weights.head, preferred_element_type=jnp.float32)
    return scores_BV + weights.head_bias


def _heads(config: ModelConfig, inner: jax.Array, positions_B1T: jax.Array) -> tuple[jax.Array, ...]:
    """Query, key and value, each [R, T, K], out of the joint product; the first two rotated."""
    rows, length, _ = inner.shape
    apart = inner[..., : 3 * config.width].reshape(rows, length, 3, config.heads, config.head_dim)
    query, key, value = apart.transpose(2, 0, 3, 1, 4)
    query, key = (rotate(x_BHTK, positions_B1T, config.rotary_dim) for x_BHTK in (query, key))
    return tuple(x_BHTK.reshape(-1, length, config.head_dim) for x_BHTK in (query, key, value))


def _attend(
    query_RTK: jax.Array, key_RSK: jax.Array, value_RSK: jax.Array, hidden_RTS: jax.Array, heads: int
) -> jax.Array:
    """Mixed values [B, T, H K]; scores and softmax are float32."""
    scores_RTS = jnp.einsum("rtk,rsk->rts", query_RTK, key_RSK, preferred_element_type=jnp.float32)
    weights_RTS = jax.nn.softmax(scores_RTS / math.sqrt(query_RTK.shape[-1]) + hidden_RTS, axis=-1)
    mixed_RTK = jnp.einsum("rts,rsk->rtk", weights_RTS.astype(value_RSK.dtype), value_RSK)
    _, length, channels = mixed_RTK.shape
    return mixed_RTK.reshape(-1, heads, length, channels).swapaxes(1, 2).reshape(-1, length, heads * channels)


def _outward(layer: Layer, mixed_BTA: jax.Array, inner_BTM: jax.Array) -> jax.Array:
    active_BTM = jax.nn.gelu(inner_BTM + layer.inward_bias, approximate=True)
    return jnp.concatenate([mixed_BTA, active_BTM], axis=-1) @ layer.outward + layer.outward_bias
