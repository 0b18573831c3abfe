"""Times codemill's whole training loop on made-up shards; prints one line of JSON.

    python -m benchmarks.measure_train '{"layers": 4, ...}' --batch 4 --steps 12 --work DIRECTORY

The loop is what `codemill train` runs: shards read and checked, batches ahead, AdamW, clipping, the loss looked at.
Speed and data wait are of its own log, after the first interval, which compiles.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

from benchmarks.measure_harvest import peak_memory
from schemas.plan import Plan
from tests.trainer.snapshots import write_snapshot
from trainer.train import train

RECORDS = 512


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=json.loads)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    length, vocabulary = arguments.model["context_length"], arguments.model["vocabulary_rows"]
    ids = np.random.default_rng(0).integers(0, vocabulary, (RECORDS, length + 1), np.int32)
    snapshot = write_snapshot(arguments.work / "snapshot", {"bench": {"train": ids}}, length, shards=1)
    every = max(1, arguments.steps // 3)
    plan = Plan.model_validate(
        {
            "name": "bench",
            "model": arguments.model,
            "rematerialise": False,
            "log_every": every,
            "checkpoint": {"every_steps": 10**9},
            "stages": [
                {
                    "name": "bench",
                    "snapshot": snapshot,
                    "steps": arguments.steps,
                    "batch_sequences": arguments.batch,
                    "learning_rate": {"peak": 1e-4, "end": 1e-5, "warmup_steps": 2, "anneal_steps": 1000},
                }
            ],
        }
    )
    run = arguments.work / "run"
    train(plan, str(run), report=lambda line: None)
    entries = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    later = [entry for entry in entries if entry["kind"] == "training"][1:]
    print(
        json.dumps(
            {
                "tokens_per_second": max(entry["tokens_per_second"] for entry in later),
                "data_wait": max(entry["data_wait"] for entry in later),
                "first_loss": later[0]["loss"],
                "peak_bytes": peak_memory(),
            }
        )
    )
    shutil.rmtree(arguments.work)


if __name__ == "__main__":
    main()
