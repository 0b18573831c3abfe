from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from trainer.model.decoder import logits
from trainer.model.huggingface import export_pretrained, load_pretrained

GOLDEN = Path(__file__).parents[2] / "golden" / "codegen-tiny"


def test_golden_logits() -> None:
    config, params = load_pretrained(str(GOLDEN))
    golden = np.load(GOLDEN / "golden.npz")
    found = np.asarray(logits(config, params, jnp.asarray(golden["input_ids"])))
    assert np.abs(found - golden["logits"]).max() < 2e-4


@pytest.mark.parametrize("groups", [4, 8])
def test_import_undoes_export(tmp_path: Path, groups: int) -> None:
    config, params = load_pretrained(str(GOLDEN))
    if config.heads % groups:
        pytest.skip(f"{config.heads} heads do not divide into {groups} groups")
    export_pretrained(config, params, str(tmp_path), groups=groups)
    config_again, again = load_pretrained(str(tmp_path))
    assert config_again == config
    assert again.keys() == params.keys()
    for name in params:
        assert np.array_equal(np.asarray(again[name]), np.asarray(params[name])), name
