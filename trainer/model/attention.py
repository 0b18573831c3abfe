"""The core of attention, scores to mixed values, by one of three kernels that is chosen before anything is traced.

Shape letters: B batch, H heads, T and S length, K channels of a head. `plain` is the definition and what a CPU runs;
`splash` is JAX's Pallas kernel for TPU and `cudnn` NVIDIA's for GPU. Both never hold the scores [B, H, T, S], which
at CodeGen's sizes are the largest array of a layer.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from schemas.errors import CodemillError
from schemas.model_config import ModelConfig
from trainer.mesh import BATCH_AXES
from trainer.model.parameters import partition

Kernel = Literal["plain", "splash", "cudnn"]
MASKED = -1e10
"""Added to the score of a token that lies in the future, or in another document."""
BLOCKS = (512, 256, 128)
"""Tiles of the splash kernel, best first; one has to divide the context. 128 is the width of a TPU's vector lanes."""
_OLD_TPUS = ("TPU v2", "TPU v3")
_CUDNN_CHANNELS = 128
"""The most channels of a head that cuDNN's kernel takes, forward and backward, on every GPU from Ampere on."""
_CUDNN_CAPABILITY = 8.0


class Target(NamedTuple):
    """What a function is compiled for; static, and not the machine that compiles when that is another."""

    platform: str
    """As `jax.default_backend()` says it: cpu, gpu or tpu."""
    kernel: Kernel = "plain"


def this_machine() -> Target:
    """The machine that runs this, with the kernel that every machine has."""
    return Target(jax.default_backend())


def choose_kernel(
    wanted: Literal["auto", "plain", "fused"],
    platform: str,
    model: ModelConfig,
    compute_dtype: str,
    apart: bool,
    device: Any = None,
) -> Kernel:
    """The kernel that a plan's `attention` means on a platform.

    Args:
        wanted: `auto` takes a fused kernel where there is one, `fused` insists on it.
        platform: cpu, gpu or tpu.
        model: its context and head channels decide what a kernel can take.
        compute_dtype: type of queries, keys and values.
        apart: documents are kept apart, which cuDNN's kernel is not asked to do.
        device: a JAX device that will run it, so that old ones fall back too; None for one of today's.

    Raises:
        CodemillError: `fused` is asked for and there is none; the message says why.
    """
    if wanted == "plain":
        return "plain"
    if platform == "tpu":
        kernel: Kernel = "splash"
        lacks = _splash_lacks(model, device)
    elif platform == "gpu":
        kernel, lacks = "cudnn", _cudnn_lacks(model, compute_dtype, apart, device)
    else:
        kernel, lacks = "plain", f"there is none for {platform}"
    if lacks and wanted == "fused":
        raise CodemillError(f"attention: fused is not possible: {lacks}", "set `attention: auto` in the plan")
    return "plain" if lacks else kernel


def _splash_lacks(model: ModelConfig, device: Any) -> str:
    if device is not None and device.device_kind in _OLD_TPUS:
        return f"a {device.device_kind} multiplies no bfloat16 in kernels"
    return "" if block_of(model.context_length) else f"a context of {model.context_length} is no multiple of 128"


def _cudnn_lacks(model: ModelConfig, compute_dtype: str, apart: bool, device: Any) -> str:
    if device is not None and not _is_ampere(str(getattr(device, "compute_capability", ""))):
        return f"cuDNN's kernel takes a GPU of compute capability {_CUDNN_CAPABILITY} or later"
    if compute_dtype != "bfloat16":
        return f"cuDNN's kernel takes bfloat16, not {compute_dtype}"
    if apart:
        return "cuDNN's kernel is not used where documents are kept apart"
    if model.head_dim > _CUDNN_CHANNELS or model.head_dim % 8:
        return f"cuDNN's kernel takes heads of up to {_CUDNN_CHANNELS} channels, by eights, not {model.head_dim}"
    return ""


def _is_ampere(capability: str) -> bool:
    """By NVIDIA's number; other vendors write names."""
    try:
        return float(capability) >= _CUDNN_CAPABILITY
    except ValueError:
        return False


def block_of(length: int) -> int | None:
    """The largest tile that divides the length; None if there is none."""
    return next((block for block in BLOCKS if length % block == 0), None)


def attend(query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None, target: Target) -> jax.Array:
    """Causal attention: each token's mean of the values it sees, weighted by softmax of query . key / sqrt(K).

    Args:
        query: rotated, [B, H, T, K].
        key: rotated, [B, H, T, K].
        value: [B, H, T, K].
        segments: int32 [B, T]; tokens see their own segment only. None where a record is one text.
        target: says which kernel.

    Returns:
        [B, H, T, K] in the type of `value`. Scores and softmax are float32 in every kernel.
    """
    if target.kernel == "splash":
        return splash(query, key, value, segments, interpret=target.platform == "cpu")
    if target.kernel == "cudnn":
        assert segments is None  # `choose_kernel` does not choose it then
        return cudnn(query, key, value)
    return plain(query, key, value, segments)


def plain(query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None) -> jax.Array:
    """Attention as its definition says, with all scores held at once; arguments as in `attend`."""
    scores_BHTS = jnp.einsum("bhtk,bhsk->bhts", query, key, preferred_element_type=jnp.float32)
    index_T = jnp.arange(query.shape[2])
    seen = index_T[:, None] >= index_T[None, :]
    if segments is not None:
        seen = seen & (segments[:, None, :, None] == segments[:, None, None, :])
    hidden = jnp.where(seen, 0.0, MASKED)
    weights_BHTS = jax.nn.softmax(scores_BHTS / math.sqrt(query.shape[-1]) + hidden, axis=-1)
    return jnp.einsum("bhts,bhsk->bhtk", weights_BHTS.astype(value.dtype), value)


def splash(
    query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None, interpret: bool = False
) -> jax.Array:
    """Attention by JAX's splash kernel, on each device over the sequences and heads that it holds.

    Args:
        query: as in `attend`; its length is a multiple of one of `BLOCKS`.
        key: as in `attend`.
        value: as in `attend`.
        segments: as in `attend`.
        interpret: run the kernel's steps as ordinary operations, which is how a CPU can be asked for its result.
    """
    from jax.experimental.pallas.ops.tpu import splash_attention

    block = block_of(query.shape[2])
    assert block is not None  # `choose_kernel` does not choose it then
    sizes = splash_attention.BlockSizes(
        block_q=block,
        block_kv=block,
        block_q_dkv=block,
        block_kv_dkv=block,
        block_q_dq=block,
        block_kv_dq=block,
    )

    def on_a_device(query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None) -> jax.Array:
        _, heads, length, _ = query.shape
        mask = splash_attention.MultiHeadMask([splash_attention.CausalMask((length, length))] * heads)
        kernel = splash_attention.make_splash_mha_single_device(mask, block_sizes=sizes, interpret=interpret)
        if segments is None:
            mixed: jax.Array = jax.vmap(kernel)(query, key, value)
        else:
            mixed = jax.vmap(kernel)(query, key, value, splash_attention.SegmentIds(segments, segments))
        return mixed

    # The kernel has no scale of its own. It is exact in bfloat16 where K is a power of four, as 64 and 256 are.
    scaled = (query.astype(jnp.float32) / math.sqrt(query.shape[-1])).astype(query.dtype)
    if jax.sharding.get_abstract_mesh().empty:
        return on_a_device(scaled, key, value, segments)
    rows, heads = partition(BATCH_AXES), partition(BATCH_AXES, "tensor")
    # The compiler cannot split a kernel, so each device is given its part; it needs nothing of the others'.
    everywhere = jax.shard_map(on_a_device, in_specs=(heads, heads, heads, rows), out_specs=heads, check_vma=False)
    mixed: jax.Array = everywhere(scaled, key, value, segments)
    return mixed


def cudnn(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """Attention by cuDNN's kernel, through JAX, which knows how to split it over a mesh; arguments as in `attend`."""
    length_first = (x_BHTK.swapaxes(1, 2) for x_BHTK in (query, key, value))
    mixed_BTHK = jax.nn.dot_product_attention(*length_first, is_causal=True, implementation="cudnn")
    return mixed_BTHK.swapaxes(1, 2)
