"""The fused kernels against the definition: results and gradients, with and without segments, alone and on a mesh."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from schemas.errors import CodemillError
from schemas.model_config import PRESETS, ModelConfig
from trainer.loss import sequence_loss
from trainer.model.attention import Target, attend, block_of, choose_kernel, cudnn, plain, splash
from trainer.model.documents import DocumentRule
from trainer.model.parameters import initial_parameters

Attention = Callable[[jax.Array, jax.Array, jax.Array, jax.Array | None], jax.Array]

SHORT = PRESETS["350M"].model_copy(update={"context_length": 96})


def inputs(kind: Any, channels: int, length: int = 256) -> tuple[list[jax.Array], jax.Array]:
    """Query, key, value and a weight for each result, and segments: [4, 4, length, channels] and [4, length]."""
    draw = np.random.default_rng(0)
    arrays = [jnp.asarray(draw.normal(size=(4, 4, length, channels)), kind) for _ in range(4)]
    return arrays, jnp.asarray(np.cumsum(draw.random((4, length)) < 0.02, axis=1), jnp.int32)


def result_and_gradients(attention: Attention, arrays: list[jax.Array], segments: jax.Array | None) -> list[np.ndarray]:
    query, key, value, weight = arrays

    def objective(query: jax.Array, key: jax.Array, value: jax.Array) -> tuple[jax.Array, jax.Array]:
        mixed = attention(query, key, value, segments)
        return (mixed.astype(jnp.float32) * weight.astype(jnp.float32)).sum(), mixed

    gradients, mixed = jax.jit(jax.grad(objective, argnums=(0, 1, 2), has_aux=True))(query, key, value)
    return [np.asarray(x, np.float32) for x in (mixed, *gradients)]


def interpreted(query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None) -> jax.Array:
    return splash(query, key, value, segments, interpret=True)


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("kind", "channels", "off"), [("float32", 64, 2e-5), ("bfloat16", 64, 0.02)])
def test_splash_is_plain(kind: str, channels: int, off: float, apart: bool) -> None:
    arrays, segments = inputs(jnp.dtype(kind), channels)
    wanted = result_and_gradients(plain, arrays, segments if apart else None)
    found = result_and_gradients(interpreted, arrays, segments if apart else None)
    for mine, theirs in zip(found, wanted, strict=True):
        # The gradients of the first keys sum over all queries, so that rounding counts by their size.
        np.testing.assert_allclose(mine, theirs, atol=off, rtol=off)


def test_segments_matter() -> None:
    (query, key, value, _), segments = inputs(jnp.float32, 8, 32)
    together, apart = (plain(query, key, value, x) for x in (None, segments))
    assert jnp.abs(together - apart).max() > 0.1


ON_A_MESH = """
import jax, jax.numpy as jnp, numpy as np
from schemas.plan import MeshConfig
from tests.trainer.model.test_attention import inputs, interpreted, plain, result_and_gradients
from trainer.mesh import make_mesh
arrays, segments = inputs(jnp.float32, 16)
for apart in (None, segments):
    wanted = result_and_gradients(plain, arrays, apart)
    with jax.set_mesh(make_mesh(MeshConfig(data=2, fsdp=2, tensor=2))):
        found = result_and_gradients(interpreted, arrays, apart)
    for mine, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5, rtol=2e-5)
print("equal")
"""


@pytest.mark.slow
def test_splash_is_plain_on_a_mesh() -> None:
    """On eight devices in a process of their own, since their number is fixed when JAX starts."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu", "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-c", ON_A_MESH],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, **flags},
    )
    assert done.stdout.strip() == "equal", done.stderr


@pytest.mark.slow
def test_a_model_learns_the_same_with_splash() -> None:
    """Through the layers, in a loop and recomputed, where the kernel is traced inside other transformations."""
    config = ModelConfig(layers=2, heads=2, head_dim=16, rotary_dim=8, vocabulary_rows=64, context_length=128)
    params = initial_parameters(config, 0)
    ids = jnp.asarray(np.random.default_rng(0).integers(0, 64, (2, 129)))

    def objective(params: Any, target: Target) -> jax.Array:
        losses = sequence_loss(config, params, ids, rematerialise=True, rule=DocumentRule(5, True), target=target)
        return losses.cross_entropy.sum() / losses.targets.sum()

    wanted = jax.value_and_grad(objective)(params, Target("cpu", "plain"))
    found = jax.value_and_grad(objective)(params, Target("cpu", "splash"))
    for mine, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)


def test_cudnn_is_asked_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arguments, that is: JAX computes them without cuDNN here."""
    ask, asked = jax.nn.dot_product_attention, []

    def answer(*arrays: jax.Array, implementation: str, is_causal: bool) -> jax.Array:
        asked.append(implementation)
        return ask(*arrays, is_causal=is_causal, implementation="xla")

    monkeypatch.setattr(jax.nn, "dot_product_attention", answer)
    (query, key, value, _), _ = inputs(jnp.float32, 16, 32)
    wanted = plain(query, key, value, None)
    np.testing.assert_allclose(cudnn(query, key, value), wanted, atol=1e-5)
    np.testing.assert_allclose(attend(query, key, value, None, Target("gpu", "cudnn")), wanted, atol=1e-5)
    assert asked == ["cudnn", "cudnn"]


@pytest.mark.parametrize(
    ("wanted", "platform", "preset", "dtype", "apart", "kernel"),
    [
        ("auto", "cpu", "350M", "float32", False, "plain"),
        ("plain", "tpu", "350M", "bfloat16", False, "plain"),
        ("auto", "tpu", "16.1B", "bfloat16", True, "splash"),
        ("fused", "tpu", "2.7B", "float32", False, "splash"),
        ("auto", "gpu", "350M", "bfloat16", False, "cudnn"),
        ("auto", "gpu", "350M", "float32", False, "plain"),
        ("auto", "gpu", "350M", "bfloat16", True, "plain"),
        ("auto", "gpu", "16.1B", "bfloat16", False, "plain"),
    ],
)
def test_the_kernel_follows_from_plan_and_platform(
    wanted: Any, platform: str, preset: str, dtype: str, apart: bool, kernel: str
) -> None:
    assert choose_kernel(wanted, platform, PRESETS[preset], dtype, apart) == kernel


@pytest.mark.parametrize(
    ("platform", "device", "kernel"),
    [
        ("tpu", {"device_kind": "TPU v4"}, "splash"),
        ("tpu", {"device_kind": "TPU v3"}, "plain"),
        ("gpu", {"device_kind": "NVIDIA H100", "compute_capability": "9.0"}, "cudnn"),
        ("gpu", {"device_kind": "Tesla T4", "compute_capability": "7.5"}, "plain"),
        ("gpu", {"device_kind": "AMD Instinct", "compute_capability": "gfx90a"}, "plain"),
    ],
)
def test_old_and_other_chips_fall_back_to_plain(platform: str, device: dict[str, str], kernel: str) -> None:
    found = choose_kernel("auto", platform, PRESETS["350M"], "bfloat16", False, SimpleNamespace(**device))
    assert found == kernel


def test_short_contexts_fall_back_to_plain() -> None:
    assert choose_kernel("auto", "tpu", SHORT, "bfloat16", False) == "plain"
    assert [block_of(length) for length in (2048, 768, 384, 64)] == [512, 256, 128, None]


@pytest.mark.parametrize(
    ("platform", "apart", "words"),
    [
        ("cpu", False, "none for cpu"),
        ("tpu", False, "no multiple of 128"),
        ("gpu", True, "documents are kept apart"),
    ],
)
def test_a_fused_kernel_that_is_insisted_on_and_missing_is_an_error(platform: str, apart: bool, words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        choose_kernel("fused", platform, SHORT, "bfloat16", apart)
