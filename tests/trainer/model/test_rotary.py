import cmath

import jax.numpy as jnp
import numpy as np

from trainer.model.rotary import rotate


def plain_rotate(x: np.ndarray, position: int, rotary_dim: int) -> np.ndarray:
    """One head's channels turned as complex numbers."""
    result = x.copy()
    for pair in range(rotary_dim // 2):
        number = complex(x[2 * pair], x[2 * pair + 1])
        number *= cmath.exp(1j * position * 10000 ** (-2 * pair / rotary_dim))
        result[2 * pair], result[2 * pair + 1] = number.real, number.imag
    return result


def test_turns_adjacent_pairs_and_passes_the_rest_through() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 12)).astype(np.float32)
    positions = np.array([0, 1, 2, 30, 700])
    got = np.asarray(rotate(jnp.asarray(x), jnp.asarray(positions), 8))
    for batch, head, place in np.ndindex(2, 3, 5):
        expected = plain_rotate(x[batch, head, place], int(positions[place]), 8)
        np.testing.assert_allclose(got[batch, head, place], expected, atol=1e-4)
    assert np.array_equal(got[..., 8:], x[..., 8:])


def test_products_depend_on_distance_alone() -> None:
    generator = np.random.default_rng(1)
    query, key = (jnp.asarray(generator.normal(size=(1, 1, 1, 8)), jnp.float32) for _ in range(2))

    def product(query_at: int, key_at: int) -> float:
        return float(jnp.sum(rotate(query, jnp.array([query_at]), 8) * rotate(key, jnp.array([key_at]), 8)))

    np.testing.assert_allclose(product(9, 4), product(105, 100), atol=1e-4)
    assert abs(product(9, 4) - product(9, 5)) > 1e-3


def test_keeps_the_type() -> None:
    assert rotate(jnp.ones((1, 1, 2, 4), jnp.bfloat16), jnp.arange(2), 4).dtype == jnp.bfloat16
