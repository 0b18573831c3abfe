"""What a step needs by formulas alone: memory of a chip, operations, and what chips send one another.

Formulas know the arrays that the code names, not the compiler's choices: which of them lie in memory at once, what is
fetched ahead, how the free room is cut up. `docs/preflight.md` compares them with what the compiler says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from schemas.model_config import ModelConfig
from trainer.loss import SCORES_ON_A_DEVICE
from trainer.mesh import AXES
from trainer.model.parameters import Parameter, parameter_table
from trainer.step import StepConfig

_FLOAT32 = 4
MARGIN = 1.25
"""Compiled temporaries over the sum of the named arrays, about; from the comparison in docs/preflight.md."""


class MemoryEstimate(NamedTuple):
    """Bytes on one chip."""

    arguments: int
    """Parameters and both moments, float32."""
    temporaries: int
    """Gradients, activations, gathered weights and scores at the fullest moment, with `MARGIN`."""


def estimate_memory(config: StepConfig, shape: Mapping[str, int], microbatches: int, sequences: int) -> MemoryEstimate:
    """Memory of one chip in a training step.

    Args:
        config: the step's.
        shape: size of each axis of the mesh.
        microbatches: of a step.
        sequences: in one microbatch, over all chips.
    """
    model, width = config.model, 4 if config.compute_dtype == "float32" else 2
    split, table = shape["tensor"], parameter_table(config.model)
    held = sum(_on_a_chip(parameter, shape) for parameter in table.values())
    rows = -(-sequences // (shape["data"] * shape["fsdp"]))
    tokens = rows * model.context_length
    residual = tokens * model.width * width
    # Of one layer: queries, keys and values before and after they turn, what is mixed, and the MLP's inside.
    inside = tokens * (7 * model.width + 3 * model.mlp_width) * width // split
    scores = 0
    if config.target is None or config.target.kernel == "plain":
        # In float32, and the weights and their gradient in the type of computation.
        scores = rows * model.heads // split * model.context_length**2 * (_FLOAT32 + 2 * width)
    layer_weights = sum(p.size for p in table.values() if p.stacked) // model.layers * width // split
    # A layer's gathered weights, the next one's, fetched ahead, and their gradient before it is scattered.
    layer = 3 * layer_weights + 4 * residual + inside + scores
    # Products with weights: queries, keys and values, both outputs, and one of the three arrays inside the MLP.
    products = 2 * residual + tokens * (3 * model.width + model.mlp_width) * width // split
    kept = (
        model.layers
        * {True: residual, "elementwise": residual + products, False: 3 * residual + inside + scores}[
            config.rematerialise
        ]
    )
    piece = min(SCORES_ON_A_DEVICE, tokens * model.vocabulary_rows // split)
    head = 2 * table["head"].size * width // split + 3 * _FLOAT32 * piece
    gradients = held * _FLOAT32 * min(2, microbatches)
    cast = held * width if width < _FLOAT32 else 0
    return MemoryEstimate(3 * held * _FLOAT32, int(MARGIN * (gradients + cast + kept + max(layer, head))))


def estimate_sent(config: StepConfig, shape: Mapping[str, int], microbatches: int, sequences: int) -> int:
    """Bytes that a chip sends in a step, by ring algorithms: weights, their gradients, and activations.

    Arguments as in `estimate_memory`. Each microbatch gathers the weights over `fsdp` for the forward pass and again
    for the backward pass, and scatters their gradients; over `tensor` each layer sums its output forward, that of its
    input backward, and once more where it is recomputed; over `data` the gradients are summed.
    """
    model, width = config.model, 4 if config.compute_dtype == "float32" else 2
    data, fsdp, tensor = (shape[axis] for axis in AXES)
    whole = sum(p.size for p in parameter_table(model).values()) * width / tensor
    weights = 3 * whole * (fsdp - 1) / fsdp
    copies = 2 * whole / fsdp * (data - 1) / data
    tokens = -(-sequences // (data * fsdp)) * model.context_length
    sums = 2 * (3 if config.rematerialise is True else 2) * model.layers
    activations = sums * 2 * tokens * model.width * width * (tensor - 1) / tensor
    return int(microbatches * (weights + copies + activations))


def step_flops(config: StepConfig, tokens: int) -> int:
    """Operations of a step over all chips, those of the recomputation included.

    A token takes 2 N + 4 L E T forward and twice that backward (`flops.flops_per_token`); the head is always made
    again in the backward pass, and with `rematerialise` so is everything else, or attention alone where it is
    `elementwise`. Plain attention makes the masked half of the scores too; a fused kernel need not, so of its 4 L E T
    half is counted.
    """
    model = config.model
    table = parameter_table(model)
    multiplied = sum(p.size for p in table.values()) - table["embedding"].size
    plain = config.target is None or config.target.kernel == "plain"
    attention = (4 if plain else 2) * model.layers * model.width * model.context_length
    forward, head = 2 * multiplied + attention, 2 * table["head"].size
    again = {True: forward, "elementwise": head + attention, False: head}[config.rematerialise]
    return tokens * (3 * forward + again)


def checkpoint_bytes(model: ModelConfig) -> int:
    """Size of a checkpoint: parameters and both moments in float32."""
    return 3 * _FLOAT32 * sum(parameter.size for parameter in parameter_table(model).values())


def _on_a_chip(parameter: Parameter, shape: Mapping[str, int]) -> int:
    """Values of a parameter that one chip holds."""
    axes = [axis for axis in parameter.partition if axis is not None]
    return parameter.size // math.prod(shape[axis] for axis in axes)
