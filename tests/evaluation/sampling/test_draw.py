from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.sampling.draw import Choice, draw, kept_weights
from tests.evaluation.sampling.nucleus import shares, uniformity


def choice(temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Choice:
    return Choice(jnp.float32(temperature), jnp.int32(top_k), jnp.float32(top_p))


def scores(rows: int, seed: int = 0, spread: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, 384)).astype(np.float32) * spread


@given(st.integers(0, 9), st.sampled_from([0, 1, 2, 50, 500]), st.sampled_from([1.0, 0.9, 0.5, 0.01]))
def test_the_same_tokens_are_kept_as_by_sorting(seed: int, top_k: int, top_p: float) -> None:
    given_scores = scores(3, seed)
    kept = np.asarray(kept_weights(jnp.asarray(given_scores), choice(0.8, top_k, top_p)))
    expected = shares(given_scores.astype(np.float64), 0.8, top_k, top_p)
    assert ((kept > 0) == (expected > 0)).all()
    np.testing.assert_allclose(kept / kept.sum(axis=1, keepdims=True), expected, rtol=1e-4)


def test_tokens_that_equal_the_last_one_kept_are_kept() -> None:
    equal = jnp.zeros((1, 128)).at[0, 7].set(1.0)
    assert int((kept_weights(equal, choice(top_k=3)) > 0).sum()) == 128
    assert int((kept_weights(equal, choice(top_k=1)) > 0).sum()) == 1


@pytest.mark.parametrize("spread", [0.0, 0.3, 3.0])
def test_draws_are_distributed_as_the_scores_say(spread: float) -> None:
    of_row = scores(1, spread=spread)
    many = jnp.broadcast_to(of_row, (4000, of_row.shape[1]))
    drawn = np.asarray(draw(many, choice(), jax.random.split(jax.random.key(0), 4000)))
    assert uniformity(shares(np.asarray(many, np.float64), 1.0), drawn) < 43.8


def test_temperature_0_takes_the_first_of_the_likeliest() -> None:
    given_scores = jnp.asarray(scores(4)).at[2, 200].set(50.0).at[2, 9].set(50.0)
    found = draw(given_scores, choice(temperature=0), jax.random.split(jax.random.key(0), 4))
    assert found.tolist() == given_scores.argmax(axis=1).tolist() and int(found[2]) == 9
    assert found.dtype == jnp.int32


def test_a_very_low_temperature_is_greedy() -> None:
    given_scores = jnp.asarray(scores(8))
    found = draw(given_scores, choice(temperature=1e-6), jax.random.split(jax.random.key(0), 8))
    assert found.tolist() == given_scores.argmax(axis=1).tolist()
