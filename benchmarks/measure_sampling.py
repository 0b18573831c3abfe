"""Times codemill's sampler; prints one line of JSON.

    python -m benchmarks.measure_sampling '{"layers": 6, ...}' --batch 16 --tokens 128

Random weights, prompts of random ids, float32. The first call, which compiles, does not count.
"""

from __future__ import annotations

import argparse
import json
import time

import jax
import jax.numpy as jnp
import numpy as np

from evaluation.sampling.batch import Batch, Engine, Row
from evaluation.sampling.decode import STRETCH
from evaluation.sampling.settings import Settings
from evaluation.sampling.weights import lay_out
from schemas.model_config import ModelConfig
from trainer.model.parameters import initial_parameters


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=json.loads)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    config = ModelConfig.model_validate(arguments.model)
    weights = lay_out(config, initial_parameters(config, 0), jnp.float32, config.vocabulary_rows)
    engine = Engine(config, weights, jnp.float32, separator_id=-1)
    settings = Settings(arguments.tokens, arguments.temperature, arguments.top_p)
    draw = np.random.default_rng(0)
    shape = (arguments.batch, arguments.prompt)
    rows = [Row(ids, i, 0) for i, ids in enumerate(draw.integers(0, config.vocabulary_rows, shape, np.int32))]
    seconds = []
    for _ in range(arguments.repeats + 1):
        begin = time.perf_counter()
        batch = Batch(engine, rows, settings)
        for done in range(0, settings.tokens, STRETCH // 2):  # as often as the sampler looks at the texts
            batch.write(min(STRETCH // 2, settings.tokens - done), [False] * len(rows))
        seconds.append(time.perf_counter() - begin)
    result = {
        "tokens_per_second": arguments.batch * arguments.tokens / min(seconds[1:]),
        "first_call": seconds[0] - min(seconds[1:]),
        "jax": jax.__version__,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
