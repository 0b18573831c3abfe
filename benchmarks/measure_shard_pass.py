"""Times the shard pass, Beam included, on made-up token ids of any amount; prints one line of JSON.

    python -m benchmarks.measure_shard_pass --work DIRECTORY --megatokens 1500 --shard-megabytes 150

Documents have the lengths of real ones (log-normal, 1,200 tokens on average); ids are two bytes each between the
passes. Memory is this process's at its largest, which does all the work: the question is whether it grows with
the amount.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measure_harvest import peak_memory
from pipelines.documents.block import Block, Harvest
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.shards.shard import shard, written_shards
from pipelines.tables import write_table
from pipelines.tokens.tokenise import tokens_path
from pipelines.workspace import Dataset, Workspace
from schemas.config import BuildConfig
from schemas.documents import TOKENS_SCHEMA

VOCABULARY = 50_295
SEPARATOR = 50_256
BLOCK_TOKENS = 18_000_000
"""About what a block of 64 MB of code holds."""


def write_block(dataset: Dataset, number: int) -> np.ndarray:
    """Write a block's tokens; [documents, tokens]."""
    draw = np.random.default_rng(number)
    lengths = np.maximum(1, draw.lognormal(6.4, 1.2, 2 * BLOCK_TOKENS // 1000)).astype(np.int64)
    lengths = lengths[: np.searchsorted(np.cumsum(lengths), BLOCK_TOKENS)]
    count = lengths.size
    ids = draw.integers(0, SEPARATOR, int(lengths.sum()), np.uint16)
    offsets = np.r_[0, np.cumsum(lengths)]
    tokens = pa.table(
        [
            np.arange(count, dtype=np.uint32),
            pa.array([row.tobytes() for row in draw.integers(0, 256, (count, 16), np.uint8)], pa.binary(16)),
            pa.array(["train"] * count),
            np.ones(count, np.uint16),
            lengths,
            pa.LargeBinaryArray.from_buffers(
                pa.large_binary(), count, [None, pa.py_buffer(2 * offsets), pa.py_buffer(ids)]
            ),
        ],
        schema=TOKENS_SCHEMA,
    )
    write_table(tokens_path(dataset, number), tokens, compression="lz4")
    return np.array([count, lengths.sum()])


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--megatokens", type=int, default=1500)
    parser.add_argument("--shard-megabytes", type=int, default=150)
    parser.add_argument("--packing", default="concatenate", choices=["concatenate", "best_fit"])
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    config = BuildConfig.model_validate(
        {
            "name": "made-up",
            "sources": {"made": {"kind": "directory", "paths": ["."], "languages": ["python"]}},
            "stages": {"mono": {"sources": ["made"], "packing": arguments.packing}},
            "shards": {"shard_bytes": arguments.shard_megabytes << 20, "hosts": 1},
        }
    )
    workspace = Workspace(str(arguments.work / "work"))
    tokens = workspace.dataset("tokenise")
    blocks = max(1, arguments.megatokens * 1_000_000 // BLOCK_TOKENS)
    documents, total = np.sum([write_block(tokens, number) for number in range(blocks)], axis=0).tolist()
    tokens.finish({"splits": {"mono": {"train": [documents, total]}}})
    tokenizer = workspace.dataset("tokenizer")
    tokenizer.finish({"separator_id": SEPARATOR, "size": VOCABULARY})
    found = Harvest(tuple(Block(number, "", "made", "mono", 0, 0) for number in range(blocks)), (), "", {"made": ()})
    before = peak_memory()
    begin = time.perf_counter()
    output = str(arguments.work / "snapshot")
    dataset, planned = shard(config, found, tokens, tokenizer, output, workspace, Runner(1, Silence()))
    seconds = time.perf_counter() - begin
    written = written_shards(dataset, range(planned[0].shards))
    print(
        json.dumps(
            {
                "megatokens": round(total / 1e6),
                "token_gigabytes": round(2 * total / 1e9, 2),
                "shards": len(written),
                "largest_shard_megabytes": round(max(one["bytes"] for one in written) / 1e6),
                "seconds": round(seconds, 1),
                "megatokens_per_second": round(total / 1e6 / seconds, 1),
                "padding_share": sum(one["padding"] for one in written) / total,
                "peak_gigabytes": round(peak_memory() / 1e9, 2),
                "peak_gigabytes_before": round(before / 1e9, 2),
            }
        )
    )
    shutil.rmtree(arguments.work)


if __name__ == "__main__":
    main()
