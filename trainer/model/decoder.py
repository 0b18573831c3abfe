"""CodeGen's decoder: one LayerNorm a block, attention and MLP side by side, an untied head with a bias.

Shape letters: B batch, T length, E width, H heads, K channels of a head, M MLP width, V vocabulary rows.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from schemas.model_config import ModelConfig
from schemas.plan import Rematerialise
from trainer.mesh import BATCH_AXES, constrain
from trainer.model.attention import Target, attend, this_machine
from trainer.model.documents import DocumentRule, Places, places_of
from trainer.model.parameters import Parameters, parameter_table
from trainer.model.rotary import rotate

LAYER_NORM_EPSILON = 1e-5


def logits(
    config: ModelConfig, params: Parameters, input_ids: jax.Array, compute_dtype: Any = jnp.float32
) -> jax.Array:
    """Scores of every next token.

    Args:
        config: the model's sizes.
        params: weights by their name in the parameter table, float32.
        input_ids: integers [batch, length], each below `vocabulary_rows`.
        compute_dtype: type of weights and activations in matrix products; norms, attention weights and the result
            are float32 whatever it is.

    Returns:
        float32 [batch, length, vocabulary rows].
    """
    return head(params, hidden(config, params, input_ids, compute_dtype))


def hidden(
    config: ModelConfig,
    params: Parameters,
    input_ids: jax.Array,
    compute_dtype: Any = jnp.float32,
    rematerialise: Rematerialise = False,
    rule: DocumentRule | None = None,
    target: Target | None = None,
) -> jax.Array:
    """The residual stream after all layers and the last norm: compute_dtype [batch, length, width].

    Args:
        config: the model's sizes.
        params: weights.
        input_ids: integers [batch, length].
        compute_dtype: as in `logits`.
        rematerialise: recompute each layer in the backward pass instead of keeping its activations; `elementwise`
            keeps those that products with weights give.
        rule: how to treat the documents of a record; left out, a record is one text.
        target: what this is compiled for; left out, this machine with plain attention.
    """
    target = target or this_machine()
    places = places_of(input_ids, rule)
    table = parameter_table(config)
    stacked = {name: params[name] for name, parameter in table.items() if parameter.stacked}

    def step(x_BTE: jax.Array, layer: Parameters) -> tuple[jax.Array, None]:
        return block(config, layer, x_BTE, places, target), None

    if rematerialise:
        policy = jax.checkpoint_policies.dots_with_no_batch_dims_saveable if rematerialise == "elementwise" else None
        # Under scan the compiler cannot merge the two passes, so the costly guard against that is left off.
        step = jax.checkpoint(step, prevent_cse=False, policy=policy)
    # Gathered like the layers' weights: rows looked up in a table split by width would have to be put together after.
    embedding_VE = constrain(params["embedding"].astype(compute_dtype), "tensor")
    x_BTE = constrain(embedding_VE[input_ids], BATCH_AXES)
    x_BTE, _ = jax.lax.scan(step, x_BTE, stacked, unroll=unrolling(target.platform))
    return layer_norm(x_BTE, params["final_norm_scale"], params["final_norm_bias"])


def head(params: Parameters, x_BTE: jax.Array) -> jax.Array:
    """Scores over the vocabulary, float32 [batch, length, vocabulary rows], from the last hidden states."""
    weight_EV = params["head"].astype(x_BTE.dtype)
    scores_BTV = jnp.einsum("bte,ev->btv", x_BTE, weight_EV, preferred_element_type=jnp.float32)
    return constrain(scores_BTV + params["head_bias"], BATCH_AXES, None, "tensor")


def block(config: ModelConfig, layer: Parameters, x_BTE: jax.Array, places: Places, target: Target) -> jax.Array:
    """One layer, x + attention(norm(x)) + mlp(norm(x)); `layer` holds its slice of each stacked parameter."""
    normed_BTE = layer_norm(x_BTE, layer["norm_scale"], layer["norm_bias"])
    attended_BTE = attention(config, layer, normed_BTE, places, target)
    return constrain(x_BTE + attended_BTE + mlp(layer, normed_BTE), BATCH_AXES)


def attention(config: ModelConfig, layer: Parameters, x_BTE: jax.Array, places: Places, target: Target) -> jax.Array:
    """Causal self-attention over rotated queries and keys; scores and softmax are float32."""
    # Heads before length: the layout in which the products of `plain` are plain batches of matrices.
    query, key, value = jnp.einsum("bte,eshk->sbhtk", x_BTE, layer["query_key_value"].astype(x_BTE.dtype))
    query, key = (rotate(x_BHTK, places.positions, config.rotary_dim) for x_BHTK in (query, key))
    mixed_BHTK = attend(query, key, value, places.segments, target)
    return jnp.einsum("bhtk,hke->bte", mixed_BHTK, layer["attention_out"].astype(x_BTE.dtype))


def mlp(layer: Parameters, x_BTE: jax.Array) -> jax.Array:
    """Two linear maps with the tanh form of GELU (`gelu_new`) between them."""
    inner_BTM = jnp.einsum("bte,em->btm", x_BTE, layer["mlp_in"].astype(x_BTE.dtype))
    inner_BTM = jax.nn.gelu(inner_BTM + layer["mlp_in_bias"].astype(x_BTE.dtype), approximate=True)
    out_BTE = jnp.einsum("btm,me->bte", inner_BTM, layer["mlp_out"].astype(x_BTE.dtype))
    return out_BTE + layer["mlp_out_bias"].astype(x_BTE.dtype)


def unrolling(platform: str) -> int:
    """Rounds of a loop to write out: XLA's CPU backend runs a loop's body on one core, straight code on all."""
    return 8 if platform == "cpu" else 1


def layer_norm(x_BTE: jax.Array, scale_E: jax.Array, bias_E: jax.Array) -> jax.Array:
    """Normalise the last axis in float32 and return the type that came in."""
    x = x_BTE.astype(jnp.float32)
    x = x - x.mean(axis=-1, keepdims=True)
    x = x * jax.lax.rsqrt(jnp.square(x).mean(axis=-1, keepdims=True) + LAYER_NORM_EPSILON)
    return (x * scale_E + bias_E).astype(x_BTE.dtype)
