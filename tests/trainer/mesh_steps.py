"""Two steps on each of several meshes of eight virtual devices; prints losses, norms and weights as JSON.

Run as a program, since the number of devices is fixed when JAX starts.
"""

from __future__ import annotations

import json
from typing import Any

import jax
import numpy as np

from schemas.model_config import ModelConfig
from schemas.plan import MeshConfig
from trainer.data import Batches, BatchShape
from trainer.mesh import batch_sharding, make_mesh, shardings
from trainer.model.documents import DocumentRule
from trainer.step import StepConfig, initial_state, train_step

MODEL = ModelConfig(layers=2, heads=4, head_dim=8, rotary_dim=4, vocabulary_rows=96, context_length=16)
MESHES = [(8, 1, 1), (1, 8, 1), (2, 2, 2), (1, 2, 4)]
SEQUENCES = 16


class Counting:
    """Sequences whose ids follow from their position."""

    def read(self, positions: np.ndarray) -> np.ndarray:
        """int32 [n, context length + 1]."""
        places = np.arange(MODEL.context_length + 1)
        ids: np.ndarray = ((positions[:, None] * 7 + places * (1 + positions[:, None] % 3)) % 90 + 6).astype(np.int32)
        ids[positions % 4 == 3, 10:] = 5  # padding
        return ids


def steps_on(mesh_axes: tuple[int, int, int], microbatches: int) -> dict[str, Any]:
    """Two steps of 16 sequences."""
    data, fsdp, tensor = mesh_axes
    mesh = make_mesh(MeshConfig(data=data, fsdp=fsdp, tensor=tensor))
    config = StepConfig(MODEL, 0.1, 1.0, "float32", True, DocumentRule(5, True))
    shape = BatchShape(microbatches, SEQUENCES // microbatches, MODEL.context_length + 1)
    with jax.set_mesh(mesh):
        layout = shardings(MODEL, mesh, jax.eval_shape(lambda: initial_state(config, 3)))
        state = jax.jit(lambda: initial_state(config, 3), out_shardings=layout)()
        batches = Batches(Counting(), shape, batch_sharding(mesh))
        losses, norms = [], []
        for step in range(2):
            state, metrics = train_step(config, state, batches.at(step * SEQUENCES), np.float32(1e-2))
            losses.append(float(metrics.loss))
            norms.append(float(metrics.gradient_norm))
        for name, value in state.params.items():
            expected = layout.params[name]
            assert value.sharding.is_equivalent_to(expected, value.ndim), f"{name} lies elsewhere than the table says"
    weights = {name: np.asarray(value).ravel()[:50].tolist() for name, value in state.params.items()}
    return {"mesh": mesh_axes, "microbatches": microbatches, "losses": losses, "norms": norms, "weights": weights}


if __name__ == "__main__":
    found = [steps_on(mesh, 1) for mesh in MESHES] + [steps_on((2, 2, 2), 2)]
    print(json.dumps(found))
