import jax.numpy as jnp
import numpy as np

from schemas.model_config import ModelConfig
from tests.trainer.plans import MODEL
from trainer.model.parameters import initial_parameters, parameter_table
from trainer.optimizer import make_optimizer

CONFIG = ModelConfig.model_validate(MODEL)


def test_is_clipped_adam_with_decoupled_decay() -> None:
    params = {name: np.asarray(value) + 0.5 for name, value in initial_parameters(CONFIG, 0).items()}
    optimizer = make_optimizer(CONFIG, weight_decay=0.1, clip=1.0)
    state = optimizer.init(params)
    first = {name: np.zeros(value.shape) for name, value in params.items()}
    second = {name: np.zeros(value.shape) for name, value in params.items()}
    generator = np.random.default_rng(0)
    for step in range(1, 4):
        gradient = {name: generator.normal(size=value.shape) for name, value in params.items()}
        direction, state = optimizer.update(
            {n: jnp.asarray(g, jnp.float32) for n, g in gradient.items()}, state, params
        )
        norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
        for name, parameter in parameter_table(CONFIG).items():
            g = gradient[name] / max(1.0, norm)
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = 0.999 * second[name] + 0.001 * g**2
            adam = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
            expected = adam + (0.1 * params[name] if parameter.decay else 0)
            np.testing.assert_allclose(direction[name], expected, rtol=2e-3, atol=2e-4)
