"""Corpora with duplicates of all kinds, and what deduplication makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.documents.block import Harvest
from pipelines.documents.harvest import harvest
from pipelines.duplicates import deduplicate, duplicates_path
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.tables import read_table
from pipelines.workspace import Workspace
from schemas.config import BuildConfig


def words_of(numbers: Iterable[int]) -> str:
    """Numbers as words, spelled with letters: a tokenizer can be trained on them."""
    return " ".join("".join(chr(ord("a") + int(digit)) for digit in str(number)) for number in numbers)


def made_texts(seed: int, clusters: int = 12) -> list[str]:
    """Texts of all kinds: unique, equal, near, chains of near ones, a hot bucket, and too short for shingles.

    The same cluster number in two seeds gives texts that are like each other.
    """
    rng = np.random.default_rng(seed)
    texts = []
    for cluster in range(clusters):
        words = np.random.default_rng(cluster).integers(0, 10_000, 300)
        for _ in range(int(rng.integers(1, 5))):
            changed = words.copy()
            places = rng.integers(0, 300, int(rng.integers(0, 12)))
            changed[places] = rng.integers(0, 10_000, places.size)
            texts.append(words_of(changed))
            if rng.random() < 0.3:
                texts.append(texts[-1])
    chain = np.random.default_rng(99).integers(0, 10_000, 400)
    for step in range(8):  # each is like the next one only
        link = chain.copy()
        link[: 12 * (step + seed)] += 20_000
        texts.append(words_of(link))
    texts += [words_of(rng.integers(0, 10_000, 200)) for _ in range(5)]
    return [*texts, f"short {seed % 2}", "short text"]


def corpus_config(root: Path, sources: dict[str, int], **dedup: Any) -> BuildConfig:
    """A config with one source of `made_texts` for each name and seed, all in one stage."""
    for name, seed in sources.items():
        path = root / f"{name}.jsonl"
        lines = [json.dumps({"text": text, "meta": {}}) for text in made_texts(seed)]
        path.write_text("\n".join(lines) + "\n")
    return BuildConfig.model_validate(
        {
            "name": "-".join(sources),
            "sources": {
                name: {"kind": "pile_jsonl", "paths": [str(root / f"{name}.jsonl")], "filters": "none"}
                for name in sources
            },
            "stages": {"nl": {"sources": list(sources)}},
            "dedup": dedup,
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 320, "sample_bytes": 20_000},
            "shards": {"context_length": 32, "hosts": 1, "shard_bytes": 100_000, "validation_share": 0.0},
        }
    )


def run(config: BuildConfig, work: Path) -> tuple[Harvest, list[dict[str, Any]]]:
    """Harvest and deduplicate; the rows of all blocks' duplicates."""
    workspace, runner = Workspace(str(work)), Runner(1, Silence())
    found = harvest(config, workspace, runner)
    dataset = deduplicate(config, found, (), workspace, runner)
    return found, [
        row for block in found.blocks for row in read_table(duplicates_path(dataset, block.ordinal)).to_pylist()
    ]


def ids_and_texts(paths: Iterable[str]) -> dict[bytes, bytes]:
    """The text of each document by its id, from harvested blocks."""
    table = pa.concat_tables(read_table(path, ["id", "text"]) for path in paths)
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))
