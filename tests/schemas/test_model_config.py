import pytest
from pydantic import ValidationError

from schemas.model_config import PRESETS, ModelConfig


def test_presets_have_the_published_widths() -> None:
    widths = {name: config.width for name, config in PRESETS.items() if name != "tiny"}
    assert widths == {"350M": 1024, "1B": 2048, "2.7B": 2560, "6.1B": 4096, "16.1B": 6144}


def test_published_models_share_vocabulary_and_context() -> None:
    for name, config in PRESETS.items():
        if name != "tiny":
            assert (config.vocabulary_rows, config.context_length) == (51200, 2048)


def test_every_preset_exports_in_four_groups() -> None:
    assert all(config.heads % 4 == 0 for config in PRESETS.values())


@pytest.mark.parametrize("rotary_dim", [3, 10])
def test_rotary_channels_are_pairs_within_a_head(rotary_dim: int) -> None:
    with pytest.raises(ValidationError, match="rotary_dim"):
        ModelConfig(layers=1, heads=1, head_dim=8, rotary_dim=rotary_dim)


def test_equal_configs_are_one_key() -> None:
    assert len({PRESETS["350M"], ModelConfig(**PRESETS["350M"].model_dump())}) == 1
