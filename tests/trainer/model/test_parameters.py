import jax
import numpy as np
import pytest

from schemas.model_config import PRESETS, ModelConfig
from tests.trainer.plans import MODEL
from trainer.model.parameters import count_parameters, initial_parameters, parameter_table

CONFIG = ModelConfig.model_validate(MODEL)


@pytest.mark.parametrize(
    ("preset", "billions"), [("350M", 0.3567), ("1B", 1.0153), ("2.7B", 2.7794), ("6.1B", 7.0642), ("16.1B", 16.032)]
)
def test_presets_have_the_released_models_parameters(preset: str, billions: float) -> None:
    config = PRESETS[preset]
    width, rows = config.width, config.vocabulary_rows
    formula = config.layers * (12 * width**2 + 7 * width) + 2 * rows * width + rows + 2 * width
    assert count_parameters(config) == formula
    assert formula / 1e9 == pytest.approx(billions, rel=2e-4)


def test_only_true_matrices_decay() -> None:
    decaying = {name for name, parameter in parameter_table(CONFIG).items() if parameter.decay}
    assert decaying == {"embedding", "query_key_value", "attention_out", "mlp_in", "mlp_out", "head"}


def test_partitions_name_no_more_axes_than_dimensions() -> None:
    for parameter in parameter_table(CONFIG).values():
        assert len(parameter.partition) <= len(parameter.shape)


def test_initial_values_have_the_tables_shapes_and_deviations() -> None:
    params = initial_parameters(PRESETS["tiny"], seed=3)
    for name, parameter in parameter_table(PRESETS["tiny"]).items():
        values = np.asarray(params[name])
        assert values.shape == parameter.shape
        assert values.dtype == np.float32
        if isinstance(parameter.initial, float):
            # A normal truncated at two deviations keeps 0.8796 of its deviation.
            assert values.std() == pytest.approx(0.8796 * parameter.initial, rel=0.02)
            assert np.abs(values).max() <= 2.001 * parameter.initial
        else:
            assert (values == {"zeros": 0, "ones": 1}[parameter.initial]).all()


def test_initial_values_follow_the_seed_alone() -> None:
    first, same, other = (jax.device_get(initial_parameters(CONFIG, seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["head"], other["head"])
    assert not np.array_equal(first["mlp_in"].ravel()[:64], first["mlp_out"].ravel()[:64])
