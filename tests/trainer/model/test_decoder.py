from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from schemas.model_config import ModelConfig
from schemas.plan import Rematerialise
from trainer.model.decoder import hidden, logits
from trainer.model.huggingface import load_pretrained
from trainer.model.parameters import Parameters

GOLDEN = Path(__file__).parents[2] / "golden" / "codegen-tiny"


@pytest.fixture(scope="module")
def model() -> tuple[ModelConfig, Parameters]:
    return load_pretrained(str(GOLDEN))


def test_reproduces_hugging_faces_logits(model: tuple[ModelConfig, Parameters]) -> None:
    golden = np.load(GOLDEN / "golden.npz")
    got = logits(*model, jnp.asarray(golden["input_ids"]))
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, golden["logits"], atol=2e-4)


def test_no_token_sees_the_future(model: tuple[ModelConfig, Parameters]) -> None:
    ids = np.load(GOLDEN / "golden.npz")["input_ids"]
    changed = ids.copy()
    changed[:, 40:] = 7
    before, after = (np.asarray(logits(*model, jnp.asarray(x))) for x in (ids, changed))
    assert np.array_equal(before[:, :40], after[:, :40])
    assert not np.array_equal(before[:, 40:], after[:, 40:])


def test_bfloat16_is_close_and_scores_stay_float32(model: tuple[ModelConfig, Parameters]) -> None:
    ids = jnp.asarray(np.load(GOLDEN / "golden.npz")["input_ids"])
    exact, rough = logits(*model, ids), logits(*model, ids, compute_dtype=jnp.bfloat16)
    assert rough.dtype == jnp.float32
    assert 0 < float(jnp.abs(exact - rough).mean()) < 0.05 * float(jnp.abs(exact).mean())


def test_rematerialising_changes_no_gradient(model: tuple[ModelConfig, Parameters]) -> None:
    config, params = model
    ids = jnp.asarray(np.load(GOLDEN / "golden.npz")["input_ids"][:1, :8])

    def objective(params: Parameters, rematerialise: Rematerialise) -> jax.Array:
        return jnp.square(hidden(config, params, ids, rematerialise=rematerialise)[..., 0]).sum()

    kept, again, partly = (jax.grad(objective)(params, how) for how in (False, True, "elementwise"))
    for name in kept:
        np.testing.assert_allclose(kept[name], again[name], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(kept[name], partly[name], rtol=1e-4, atol=1e-5)
