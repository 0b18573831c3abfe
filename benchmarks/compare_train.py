"""Measures codemill's training loop beside Hugging Face's CodeGen in PyTorch on the same CPU; writes train.md.

    python -m benchmarks.compare_train --peer-python PEER/bin/python

The processes run one after another on the same cores. Linux only, for it alone lets a process choose its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import jax

from benchmarks.compare_build import HERE, measure, processor
from schemas.model_config import ModelConfig
from trainer.model.parameters import count_parameters

PAGE = HERE / "train.md"


class Size(NamedTuple):
    """One model and its batch."""

    name: str
    layers: int
    heads: int
    context: int
    batch: int
    steps: int

    def model(self) -> dict[str, int]:
        """The sizes as a plan has them."""
        return {
            "layers": self.layers,
            "heads": self.heads,
            "head_dim": 64,
            "rotary_dim": 32,
            "vocabulary_rows": 51_200,
            "context_length": self.context,
        }


SIZES = (
    Size("width 512, 6 layers", 6, 8, 512, 4, 9),
    Size("350M's layers, 4 of 20", 4, 16, 512, 4, 6),
    Size("350M's layers, 4 of 20, whole context", 4, 16, 2048, 1, 6),
)


def last_line(command: list[str], log: Path) -> dict[str, Any]:
    """Run a command; the JSON that it prints last."""
    result: dict[str, Any] = json.loads(measure(command, log).output.strip().splitlines()[-1])
    return result


def table(size: Size, rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Markdown of one size."""
    parameters = count_parameters(ModelConfig.model_validate(size.model()))
    lines = [
        f"## {size.name[0].upper()}{size.name[1:]}",
        "",
        f"{parameters / 1e6:.0f}M parameters, {size.batch} sequences of {size.context} tokens a step.",
        "",
        "| system | tokens/s | codemill is faster by | peak memory | data wait |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    ours = rows[0][1]["tokens_per_second"]
    for name, row in rows:
        speed = row["tokens_per_second"]
        wait = f"{row['data_wait']:.2%}" if "data_wait" in row else ""
        lines.append(f"| {name} | {speed:,.0f} | {ours / speed:.2f} | {row['peak_bytes'] / 1e9:.2f} GB | {wait} |")
    return [*lines, ""]


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare training steps.")
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=HERE / "work" / "train")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    cores = len(os.sched_getaffinity(0))
    body: list[str] = []
    versions: dict[str, Any] = {}
    for size in SIZES:
        model = json.dumps(size.model())
        shape = ["--batch", str(size.batch), "--steps", str(size.steps)]
        ours = last_line(
            [sys.executable, "-m", "benchmarks.measure_train", model, *shape, "--work", str(arguments.work / "run")],
            arguments.work / "codemill.log",
        )
        peer = [str(arguments.peer_python), str(HERE / "train_peers.py"), model, *shape, "--threads", str(cores)]
        eager = last_line(peer, arguments.work / "eager.log")
        compiled = last_line([*peer, "--compile"], arguments.work / "compiled.log")
        versions = eager
        rows = [("codemill `train`", ours), ("PyTorch, eager", eager), ("PyTorch, `torch.compile`", compiled)]
        body += table(size, rows)
    page = [
        "# Training steps on a CPU",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, {cores} cores, Python {sys.version.split()[0]}, "
        f"jax {jax.__version__}, torch {versions['torch']}, transformers {versions['transformers']}; written by "
        "`benchmarks/compare_train.py`.",
        "",
        "The same sizes in float32, AdamW with decay on matrices, clipping at norm 1. codemill is measured as its "
        "whole loop: shards read and checked, z-loss, metrics, the loss looked at; its speed is that of the faster of "
        "two intervals of steps after the first. PyTorch is Hugging Face's `CodeGenForCausalLM`, ids in memory, the "
        "fastest step after two. Neither recomputes activations. Data wait is the share of time in which the loop had "
        "no batch.",
        "",
        *body,
    ]
    PAGE.write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
