"""Model FLOP utilisation: the useful operations per second over what the devices could do."""

from __future__ import annotations

import time
from typing import NamedTuple

import jax
import jax.numpy as jnp

from schemas.model_config import ModelConfig
from trainer.model.parameters import count_parameters

# Dense bfloat16 peak of one JAX device in TFLOP/s, from the vendors' data sheets; a v2, v3 or v7 chip is two devices.
_PEAK_TERAFLOPS = {
    "TPU v2": 22.5,
    "TPU v3": 61.5,
    "TPU v4": 275,
    "TPU v5 lite": 197,
    "TPU v5e": 197,
    "TPU v5": 459,
    "TPU v5p": 459,
    "TPU v6 lite": 918,
    "TPU v6e": 918,
    "TPU7x": 1153.5,
    "V100": 125,
    "T4": 65,
    "A100": 312,
    "L4": 121,
    "H100": 989,
    "H200": 989,
    "B200": 2250,
}


class Peak(NamedTuple):
    """What all devices together could do."""

    flops: float | None
    """Operations per second; None if unknown."""
    source: str
    """Where the figure comes from, in words."""


def flops_per_token(config: ModelConfig) -> int:
    """Operations that training on one token needs: 6 N + 12 L E T (Chowdhery et al. 2022, appendix B).

    N counts the parameters without the embedding table, which is looked up, not multiplied. Attention is counted
    in full although half of it is masked; recomputed work is not counted.
    """
    multiplied = count_parameters(config) - config.vocabulary_rows * config.width
    return 6 * multiplied + 12 * config.layers * config.width * config.context_length


def device_peak() -> Peak:
    """The peak of all devices: a data sheet's figure, a measured matrix product on a CPU, or unknown."""
    device, count = jax.devices()[0], jax.device_count()
    if device.platform == "cpu":
        # Virtual CPU devices share the same cores, so the product over all of them is no sum.
        return Peak(_measured_matmul(), "measured float32 matrix product on this CPU")
    kind = device.device_kind
    found = _PEAK_TERAFLOPS.get(kind) or next(
        (peak for name, peak in _PEAK_TERAFLOPS.items() if name in kind.replace("-", " ").split()), None
    )
    if found is None:
        return Peak(None, f"peak of {kind!r} unknown")
    return Peak(found * 1e12 * count, f"{count} x {kind} at {found:g} TFLOP/s bfloat16")


def mfu_formula(config: ModelConfig, peak: Peak) -> str:
    """One line that says how MFU is computed in this run."""
    per_token = flops_per_token(config)
    if peak.flops is None:
        return f"MFU n/a ({peak.source}); one token takes 6N + 12LET = {per_token:.3g} FLOP"
    return (
        f"MFU = tokens/s x (6N + 12LET = {per_token:.3g} FLOP) / {peak.flops:.3g} FLOP/s ({peak.source}); "
        f"N parameters without the embedding, L layers, E width, T context"
    )


def _measured_matmul(size: int = 1024, repeats: int = 5) -> float:
    matrix = jnp.ones((size, size), jnp.float32)
    multiply = jax.jit(jnp.matmul)
    multiply(matrix, matrix).block_until_ready()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        multiply(matrix, matrix).block_until_ready()
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)
