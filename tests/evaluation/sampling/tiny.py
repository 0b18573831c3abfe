"""A model of random weights that writes text, whose draws are neither flat nor certain."""

from __future__ import annotations

from functools import cache

from evaluation.sampling.model import Model
from schemas.model_config import ModelConfig
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.codegen import build
from trainer.model.parameters import initial_parameters

CONFIG = ModelConfig(layers=1, heads=4, head_dim=8, rotary_dim=4, vocabulary_rows=700, context_length=160)
PROMPTS = ("def f(x):\n", "a", "import numpy as np\n\nfor i in range(10):\n    print(i)\n", "x = 1\n", "")


@cache
def tiny_model() -> Model:
    params = initial_parameters(CONFIG, seed=3)
    params = {**params, "embedding": params["embedding"] * 20, "head": params["head"] * 3}
    return Model(CONFIG, params, build(*gpt2_like_files()))
