import jax
import jax.numpy as jnp
import numpy as np
import pytest

import trainer.loss
from schemas.model_config import ModelConfig
from tests.trainer.plans import MODEL
from trainer.loss import sequence_loss
from trainer.model.decoder import logits
from trainer.model.parameters import initial_parameters

CONFIG = ModelConfig.model_validate(MODEL)
PARAMS = initial_parameters(CONFIG, 0)
IDS = np.random.default_rng(0).integers(0, CONFIG.vocabulary_rows, (3, 17))


def test_is_the_sum_of_negative_log_probabilities_of_the_next_tokens() -> None:
    scores = np.asarray(logits(CONFIG, PARAMS, jnp.asarray(IDS[:, :-1])), np.float64)
    log_z = np.log(np.exp(scores).sum(-1))
    chosen = np.take_along_axis(scores, IDS[:, 1:, None], axis=-1)[..., 0]
    got = sequence_loss(CONFIG, PARAMS, jnp.asarray(IDS))
    np.testing.assert_allclose(got.cross_entropy, (log_z - chosen).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(got.z, 1e-4 * (log_z**2).sum(-1), rtol=1e-5)
    assert got.targets.tolist() == [16] * 3


@pytest.mark.parametrize("limit", [1, 4 * 3 * 96, 1 << 30])
def test_does_not_depend_on_the_pieces(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def objective(params: dict[str, jax.Array]) -> jax.Array:
        losses = sequence_loss(CONFIG, params, jnp.asarray(IDS))
        return losses.cross_entropy.sum() + losses.z.sum()

    whole = jax.grad(objective)(PARAMS)
    monkeypatch.setitem(trainer.loss._SCORES_AT_ONCE, "cpu", limit)
    pieces = jax.grad(objective)(PARAMS)
    for name in whole:
        np.testing.assert_allclose(pieces[name], whole[name], rtol=1e-4, atol=2e-5)
