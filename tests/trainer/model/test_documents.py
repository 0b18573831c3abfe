import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import loaders.segments
from schemas.model_config import ModelConfig
from tests.trainer.plans import MODEL
from trainer.loss import sequence_loss
from trainer.model.decoder import head, hidden
from trainer.model.documents import DocumentRule, places_of, target_mask
from trainer.model.parameters import Parameters, initial_parameters
from trainer.step import StepConfig, initial_state, train_step

CONFIG = ModelConfig.model_validate(MODEL)
PARAMS = initial_parameters(CONFIG, 0)
SEPARATOR = 5
APART = DocumentRule(SEPARATOR, True)
WHOLE = DocumentRule(SEPARATOR, False)
DRAW = np.random.default_rng(0)
FIRST, SECOND = DRAW.integers(6, CONFIG.vocabulary_rows, 7), DRAW.integers(6, CONFIG.vocabulary_rows, 5)


def scores(ids: np.ndarray, rule: DocumentRule | None) -> np.ndarray:
    result: np.ndarray = np.asarray(head(PARAMS, hidden(CONFIG, PARAMS, jnp.asarray(ids)[None], rule=rule)))[0]
    return result


@given(arrays.arrays(np.int32, st.tuples(st.integers(1, 3), st.integers(2, 20)), elements=st.integers(SEPARATOR, 7)))
def test_the_rules_are_those_for_other_trainers(ids: np.ndarray) -> None:
    places = places_of(jnp.asarray(ids), APART)
    assert places.segments is not None
    assert np.array_equal(places.segments, loaders.segments.segment_ids(ids, SEPARATOR))
    assert np.array_equal(places.positions[:, 0], loaders.segments.positions(ids, SEPARATOR))
    assert np.array_equal(target_mask(jnp.asarray(ids), WHOLE), loaders.segments.target_mask(ids, SEPARATOR))


def test_documents_apart_score_as_if_each_were_alone() -> None:
    packed = np.r_[FIRST, SEPARATOR, SECOND, SEPARATOR]
    together = scores(packed, APART)
    np.testing.assert_allclose(together[:8], scores(packed[:8], None), atol=2e-5)
    np.testing.assert_allclose(together[8:], scores(packed[8:], None), atol=2e-5)
    assert np.abs(scores(packed, None)[8:] - together[8:]).max() > 1e-3, "otherwise the first is seen from the second"


def test_padding_is_not_predicted() -> None:
    text = np.r_[FIRST, SEPARATOR]
    padded = np.r_[text, [SEPARATOR] * 9]
    losses = [sequence_loss(CONFIG, PARAMS, jnp.asarray(ids)[None], rule=WHOLE) for ids in (text, padded)]
    assert [float(loss.targets[0]) for loss in losses] == [7, 7]
    np.testing.assert_allclose(losses[0].cross_entropy, losses[1].cross_entropy, rtol=1e-5)
    np.testing.assert_allclose(losses[0].z, losses[1].z, rtol=1e-5)


def test_a_microbatch_with_more_padding_weighs_less() -> None:
    step = StepConfig(CONFIG, 0.1, 1.0, "float32", False, WHOLE)
    ids = np.random.default_rng(1).integers(6, CONFIG.vocabulary_rows, (4, 13)).astype(np.int32)
    ids[2, 4:] = ids[3, 1:] = SEPARATOR

    def updated(batch: np.ndarray) -> tuple[Parameters, float]:
        state, metrics = train_step(step, initial_state(step, 0), jnp.asarray(batch), np.float32(0.01))
        return state.params, float(metrics.loss)

    (one, loss), (parts, loss_of_parts) = updated(ids[None]), updated(ids.reshape(2, 2, 13))
    np.testing.assert_allclose(loss, loss_of_parts, rtol=1e-6)
    for name, value in jax.tree.map(np.asarray, one).items():
        np.testing.assert_allclose(value, parts[name], atol=1e-5)
