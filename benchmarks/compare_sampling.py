"""Measures codemill's sampler beside Hugging Face's `generate` in PyTorch on the same CPU; writes sampling.md.

    python -m benchmarks.compare_sampling --peer-python PEER/bin/python

The processes run one after another on the same cores, each pair several times in turn; the best of each counts. Linux
only, for it alone lets a process choose its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.compare_build import HERE, processor
from benchmarks.compare_train import last_line
from schemas.model_config import PRESETS, ModelConfig
from trainer.model.parameters import count_parameters

PAGE = HERE / "sampling.md"
PROMPT, TOKENS = 100, 128
WAYS = {"greedy": [], "temperature 0.8, top-p 0.95": ["--temperature", "0.8", "--top-p", "0.95"]}
MODELS = {"6 layers of width 512": ModelConfig(layers=6, heads=8, head_dim=64, rotary_dim=32), "350M": PRESETS["350M"]}


class Case(NamedTuple):
    """One row of the table."""

    model: str
    batch: int
    way: str


def measured(case: Case, peer_python: Path, work: Path, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our best and the peer's best of some rounds."""
    model = json.dumps(MODELS[case.model].model_dump())
    shape = ["--batch", str(case.batch), "--prompt", str(PROMPT), "--tokens", str(TOKENS), *WAYS[case.way]]
    threads = ["--threads", str(len(os.sched_getaffinity(0)))]
    commands = (
        [sys.executable, "-m", "benchmarks.measure_sampling", model, *shape, "--repeats", "2"],
        [str(peer_python), str(HERE / "sampling_peers.py"), model, *shape, "--repeats", "2", *threads],
    )
    results = [[last_line(command, work / "sampling.log") for command in commands] for _ in range(rounds)]
    ours, theirs = (
        max(column, key=lambda row: float(row["tokens_per_second"])) for column in zip(*results, strict=True)
    )
    return ours, theirs


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare sampling.")
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    lines = [
        "| model | texts at once | draws | codemill, tokens/s | `generate`, tokens/s | codemill is faster by | first |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    versions: dict[str, Any] = {}
    for case in (Case(model, batch, way) for model in arguments.models for batch in (1, 16) for way in WAYS):
        ours, theirs = measured(case, arguments.peer_python, arguments.work, arguments.rounds)
        versions = {**ours, **theirs}
        fast, slow = ours["tokens_per_second"], theirs["tokens_per_second"]
        name = f"{case.model}, {count_parameters(MODELS[case.model]) / 1e6:.0f}M"
        lines.append(
            f"| {name} | {case.batch} | {case.way} | {fast:,.0f} | {slow:,.0f} | {fast / slow:.2f} | "
            f"{ours['first_call']:.0f} s |"
        )
        print(lines[-1], flush=True)
    page = [
        "# Sampling on a CPU",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, {len(os.sched_getaffinity(0))} cores, "
        f"Python {sys.version.split()[0]}, jax {versions['jax']}, torch {versions['torch']}, "
        f"transformers {versions['transformers']}; written by `benchmarks/compare_sampling.py`.",
        "",
        f"CodeGen with random weights in float32, prompts of {PROMPT} tokens, {TOKENS} new tokens, reading the prompts "
        "included. The peer is Hugging Face's `CodeGenForCausalLM.generate` with its key-value cache. Best of "
        f"{arguments.rounds} processes each, in turn. The last column is what our first call takes longer than the "
        "others.",
        "",
        *lines,
        "",
    ]
    PAGE.write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
