"""A model's weights as decoding reads them: an array for each layer and product, in the type of the products.

Shape letters: E width, A all heads' channels, M MLP width, V vocabulary in whole lanes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from schemas.model_config import ModelConfig
from trainer.model.parameters import Parameters

LANES = 128
"""The vocabulary is filled up to a multiple of this; what fills it is never drawn."""
NEVER = -1e30
"""Score of what is never drawn."""


class Layer(NamedTuple):
    """One layer. Attention and MLP read the same normed input and are added up, so that two products do for both."""

    norm_scale: jax.Array
    norm_bias: jax.Array
    inward: jax.Array
    """[E, 3 A + M]: query, key, value, MLP in."""
    inward_bias: jax.Array
    """[M]; attention has none."""
    outward: jax.Array
    """[A + M, E]: attention out, MLP out."""
    outward_bias: jax.Array


class Weights(NamedTuple):
    """A whole model."""

    embedding: jax.Array
    layers: tuple[Layer, ...]
    norm_scale: jax.Array
    norm_bias: jax.Array
    head: jax.Array
    """[E, V]."""
    head_bias: jax.Array
    """[V], float32."""


def lay_out(config: ModelConfig, params: Parameters, dtype: Any, vocabulary: int) -> Weights:
    """The weights of a model in a type.

    Args:
        config: the model's sizes.
        params: weights by their name in the parameter table.
        dtype: of weights and activations in products; norms stay float32.
        vocabulary: ids that may be drawn are below it: a model has more rows than its tokenizer has ids.
    """
    made = partial(_layer, config=config, dtype=dtype)
    stacked = {name: params[name] for name in _STACKED}
    layers = tuple(made({name: values[i] for name, values in stacked.items()}) for i in range(config.layers))
    filling = -vocabulary % LANES
    head_EV = jnp.pad(params["head"][:, :vocabulary].astype(dtype), ((0, 0), (0, filling)))
    bias_V = jnp.pad(params["head_bias"][:vocabulary], (0, filling), constant_values=NEVER)
    embedding = params["embedding"].astype(dtype)
    return Weights(embedding, layers, params["final_norm_scale"], params["final_norm_bias"], head_EV, bias_V)


_STACKED = (
    "norm_scale",
    "norm_bias",
    "query_key_value",
    "attention_out",
    "mlp_in",
    "mlp_in_bias",
    "mlp_out",
    "mlp_out_bias",
)


@partial(jax.jit, static_argnames=("config", "dtype"))
def _layer(layer: Parameters, config: ModelConfig, dtype: Any) -> Layer:
    projection = layer["query_key_value"].reshape(config.width, 3 * config.width)
    attention_out = layer["attention_out"].reshape(config.width, config.width)
    return Layer(
        layer["norm_scale"],
        layer["norm_bias"],
        jnp.concatenate([projection, layer["mlp_in"]], axis=1).astype(dtype),
        layer["mlp_in_bias"].astype(dtype),
        jnp.concatenate([attention_out, layer["mlp_out"]]).astype(dtype),
        layer["mlp_out_bias"].astype(dtype),
    )
