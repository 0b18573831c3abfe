"""The one table of parameters: shapes, shardings, initial values, the decay mask and the names at Hugging Face.

Letters in the table: L layers, E width of the residual stream, H heads, K channels of a head, M width of the MLP,
V vocabulary rows. Parameters of the layers are stacked on a leading axis L, which `lax.scan` walks.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from schemas.model_config import ModelConfig

Axis = str | tuple[str, ...] | None
Parameters = dict[str, jax.Array]
"""A model's weights by their name in the table, float32."""


@dataclass(frozen=True)
class Parameter:
    """One row of the table."""

    shape: tuple[int, ...]
    partition: PartitionSpec
    """Mesh axis of each dimension."""
    initial: float | Literal["zeros", "ones"]
    """A number is the deviation of a normal distribution truncated at two deviations."""
    decay: bool
    """Weight decay applies: true matrices only, not the norms and biases that stacking makes two-dimensional."""
    hugging_face: str
    """Name in Hugging Face's CodeGen; `{layer}` stands for the layer's number."""

    @property
    def stacked(self) -> bool:
        """Whether the first dimension counts layers."""
        return "{layer}" in self.hugging_face

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


def partition(*axes: Axis) -> PartitionSpec:
    """Which mesh axis splits each dimension; dimensions left out are whole everywhere."""
    return PartitionSpec(*axes)  # type: ignore[no-untyped-call]


@lru_cache
def parameter_table(config: ModelConfig) -> dict[str, Parameter]:
    """The table of a model. Deviations are JaxFormer's: 1/sqrt(fan in); (2/layers)/sqrt(width) into the residual."""
    L, E, H, K = config.layers, config.width, config.heads, config.head_dim
    M, V = config.mlp_width, config.vocabulary_rows
    into_residual = 2 / L / math.sqrt(E)
    block = "transformer.h.{layer}."

    def matrix(shape: tuple[int, ...], axes: tuple[str | None, ...], deviation: float, name: str) -> Parameter:
        return Parameter(shape, partition(*axes), deviation, True, name)

    def vector(
        shape: tuple[int, ...], initial: Literal["zeros", "ones"], name: str, axes: tuple[str | None, ...] = ()
    ) -> Parameter:
        return Parameter(shape, partition(*axes), initial, False, name)

    return {
        "embedding": matrix((V, E), ("tensor", "fsdp"), 1 / math.sqrt(V), "transformer.wte.weight"),
        "norm_scale": vector((L, E), "ones", block + "ln_1.weight"),
        "norm_bias": vector((L, E), "zeros", block + "ln_1.bias"),
        "query_key_value": matrix(
            (L, E, 3, H, K), (None, "fsdp", None, "tensor", None), 1 / math.sqrt(E), block + "attn.qkv_proj.weight"
        ),
        "attention_out": matrix(
            (L, H, K, E), (None, "tensor", None, "fsdp"), into_residual, block + "attn.out_proj.weight"
        ),
        "mlp_in": matrix((L, E, M), (None, "fsdp", "tensor"), 1 / math.sqrt(E), block + "mlp.fc_in.weight"),
        "mlp_in_bias": vector((L, M), "zeros", block + "mlp.fc_in.bias", (None, "tensor")),
        "mlp_out": matrix((L, M, E), (None, "tensor", "fsdp"), into_residual, block + "mlp.fc_out.weight"),
        "mlp_out_bias": vector((L, E), "zeros", block + "mlp.fc_out.bias"),
        "final_norm_scale": vector((E,), "ones", "transformer.ln_f.weight"),
        "final_norm_bias": vector((E,), "zeros", "transformer.ln_f.bias"),
        "head": matrix((E, V), ("fsdp", "tensor"), 1 / math.sqrt(E), "lm_head.weight"),
        "head_bias": vector((V,), "zeros", "lm_head.bias", ("tensor",)),
    }


def count_parameters(config: ModelConfig) -> int:
    """Values in all parameters: layers * (12 E^2 + 7 E) + 2 V E + V + 2 E."""
    return sum(parameter.size for parameter in parameter_table(config).values())


def initial_parameters(config: ModelConfig, seed: int) -> Parameters:
    """Fresh weights, float32; a parameter's values depend on the seed and its name, not on the mesh."""
    return {name: _initial(parameter, name, seed) for name, parameter in parameter_table(config).items()}


def _initial(parameter: Parameter, name: str, seed: int) -> jax.Array:
    if parameter.initial == "zeros":
        return jnp.zeros(parameter.shape, jnp.float32)
    if parameter.initial == "ones":
        return jnp.ones(parameter.shape, jnp.float32)
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))
    return parameter.initial * jax.random.truncated_normal(key, -2.0, 2.0, parameter.shape, jnp.float32)
