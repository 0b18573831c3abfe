"""The same build by datatrove: CodeGen's filters, MinHash deduplication in its four stages, tokenisation.

    PEER_PYTHON benchmarks/datatrove_build.py CORPUS WORK

Runs in an environment of its own (requirements-peer.txt) and imports nothing of ours. One local worker; each step's
time is taken around its executor, so starting Python and importing are left out. Where datatrove leaves a choice, the
faster one is taken: plain JSON lines between steps, filters on bytes, no shuffling of documents. What it cannot do is
not made up for: no candidate is verified, and its token files are neither packed nor cut into records.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.logging import logger

BUCKETS, HASHES_PER_BUCKET, WORDS_PER_SHINGLE = 32, 8, 5
LAST_STEP = "MinHash 4: drop, and tokenise"
SEPARATOR = "<|endoftext|>"


def passes_codegen_filters(document: Document) -> bool:
    """Mean line below 100 characters, longest line at most 1000, at most nine tenths hexadecimal digits."""
    text = document.text
    lines = text.split("\n")
    lengths = [len(line) for line in (lines[:-1] if text.endswith("\n") else lines)]
    if sum(lengths) >= 100 * len(lengths) or max(lengths) > 1000:
        return False
    data = text.encode()
    return len(data) - len(data.translate(None, b"0123456789abcdefABCDEF")) <= 0.9 * len(text)


def steps(corpus: Path, work: Path) -> dict[str, tuple[int, list[PipelineStep]]]:
    """The build's steps in order: name -> (tasks, pipeline).

    Args:
        corpus: a directory that `benchmarks.corpus` wrote.
        work: where intermediate files and the tokens go.
    """
    config = MinhashConfig(
        n_grams=WORDS_PER_SHINGLE,
        num_buckets=BUCKETS,
        hashes_per_bucket=HASHES_PER_BUCKET,
        hash_config=HashConfig(precision=64),
    )
    filtered, signatures, pairs, drops = (str(work / name) for name in ("filtered", "sigs", "pairs", "drops"))
    return {
        "read and filter": (
            1,
            [
                # A reader passes on what came before it, so prose, read after the filter, is not filtered.
                ParquetReader(str(corpus / "code"), text_key="content"),
                LambdaFilter(passes_codegen_filters),
                JsonlReader(str(corpus / "prose"), add_file_path=False),
                JsonlWriter(filtered, compression=None),
            ],
        ),
        "MinHash 1: signatures": (
            1,
            # Its default word splitter, spaCy's for English: splitting at whitespace was no faster.
            [JsonlReader(filtered), MinhashDedupSignature(signatures, config=config)],
        ),
        "MinHash 2: buckets": (BUCKETS, [MinhashDedupBuckets(signatures, pairs, config=config)]),
        "MinHash 3: clusters": (1, [MinhashDedupCluster(pairs, drops, config=config)]),
        LAST_STEP: (
            1,
            [
                JsonlReader(filtered),
                MinhashDedupFilter(drops),
                DocumentTokenizer(
                    str(work / "tokens"),
                    str(corpus / "tokenizer.json"),
                    eos_token=SEPARATOR,
                    shuffle_documents=False,
                    batch_size=1000,
                ),
            ],
        ),
    }


def cpu_seconds() -> float:
    """Processor time of this process and of its finished children."""
    return sum(os.times()[:4])


def run(corpus: Path, work: Path) -> dict[str, Any]:
    """Build once.

    Returns:
        `system`, `seconds` per step (by the clock, and of the processor), and the `documents` and `tokens` kept.
    """
    seconds: dict[str, list[float]] = {}
    for name, (tasks, pipeline) in steps(corpus, work).items():
        executor = LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(work / "logs" / name))
        begin, cpu_begin = time.perf_counter(), cpu_seconds()
        executor.run()
        seconds[name] = [time.perf_counter() - begin, cpu_seconds() - cpu_begin]
    *_, drop, tokenise = json.loads((work / "logs" / LAST_STEP / "stats.json").read_text(encoding="utf-8"))
    return {
        "system": f"datatrove {version('datatrove')}",
        "seconds": seconds,
        "documents": drop["stats"]["forwarded"],
        "tokens": tokenise["stats"]["tokens"]["total"],
    }


def main() -> None:
    """Command line: see the module's docstring. Prints a table, then the result as one line of JSON."""
    parser = argparse.ArgumentParser(description="Filter, deduplicate and tokenise a corpus with datatrove.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    logger.remove()
    description = json.loads((arguments.corpus / "corpus.json").read_text(encoding="utf-8"))
    megabytes = (description["prose_bytes"] + description["code_bytes"]) / 1e6
    result = run(arguments.corpus, arguments.work)
    seconds = result["seconds"]
    total = [sum(column) for column in zip(*seconds.values(), strict=True)]
    for name, (clock, cpu) in {**seconds, "all steps": total}.items():
        print(f"{name:32}{clock:9.2f} s {cpu:9.2f} s CPU {megabytes / clock:9.2f} MB/s")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
