from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jax.sharding import AbstractMesh

from schemas.errors import CodemillError
from schemas.model_config import ModelConfig
from schemas.plan import MeshConfig
from tests.trainer.plans import MODEL
from trainer.mesh import AXES, check_divisible, make_mesh

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.trainer.mesh_steps"],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **flags},
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.slow
def test_every_mesh_computes_the_same(found: list[dict[str, Any]]) -> None:
    first, *others = found
    assert len(others) == 4 and first["losses"][1] < first["losses"][0]
    for other in others:
        np.testing.assert_allclose(other["losses"], first["losses"], rtol=2e-6, err_msg=str(other["mesh"]))
        np.testing.assert_allclose(other["norms"], first["norms"], rtol=1e-5, err_msg=str(other["mesh"]))
        for name, values in other["weights"].items():
            # Adam's first steps are as large as the rate, however small the gradient: its rounding is then seen whole.
            difference = np.abs(np.array(values) - first["weights"][name])
            assert np.quantile(difference, 0.9) < 1e-5, (other["mesh"], name)


@pytest.mark.slow
def test_microbatches_make_no_difference(found: list[dict[str, Any]]) -> None:
    halves = found[-1]
    whole = next(one for one in found if one["mesh"] == halves["mesh"])
    assert (whole["microbatches"], halves["microbatches"]) == (1, 2)
    np.testing.assert_allclose(halves["losses"], whole["losses"], rtol=1e-6)


def test_a_mesh_that_the_devices_do_not_fill_is_refused() -> None:
    with pytest.raises(CodemillError, match="does not cover 1 device"):
        make_mesh(MeshConfig(data=3))


@pytest.mark.parametrize(
    ("axes", "sequences", "words"),
    [((2, 2, 1), 6, "data \\* fsdp = 4"), ((1, 1, 3), 4, "tensor=3"), ((1, 5, 1), 5, "fsdp=5")],
)
def test_sizes_that_do_not_split_are_refused(axes: tuple[int, int, int], sequences: int, words: str) -> None:
    mesh: Any = AbstractMesh(axes, AXES)
    with pytest.raises(CodemillError, match=words):
        check_divisible(ModelConfig.model_validate(MODEL), mesh, sequences)
