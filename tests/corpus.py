"""A small corpus with one of everything: kept, filtered, duplicate, rejected; three sources, two stages."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.config import BuildConfig

WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "value",
    "index",
    "result",
    "total",
    "items",
    "count",
    "name",
    "path",
    "data",
    "node",
    "edge",
    "list",
    "size",
    "key",
]


def python_text(seed: int, lines: int = 40) -> str:
    """Made-up Python that differs for every seed."""
    draw = random.Random(seed)
    out = [f"def function_{seed}({draw.choice(WORDS)}, {draw.choice(WORDS)}_{seed}):"]
    for _ in range(lines):
        left, right = draw.choice(WORDS), draw.choice(WORDS)
        out.append(f"    {left}_{draw.randrange(1000)} = {right}.{draw.choice(WORDS)}({draw.randrange(10**6)})")
    return "\n".join(out) + "\n"


def prose_text(seed: int) -> str:
    """Made-up prose that differs for every seed, with some Unicode and control tokens in it."""
    draw = random.Random(seed)
    sentence = " ".join(draw.choice(WORDS) + str(draw.randrange(500)) for _ in range(120))
    return f"Ünïcode № {seed} ▁ <|endoftext|> <s>\n\n{sentence}.\n"


def write_corpus(root: Path, documents: int = 60) -> BuildConfig:
    """Write the corpus below `root` and return its config; paths in it are absolute."""
    pile = root / "pile"
    pile.mkdir(parents=True)
    lines = [json.dumps({"text": prose_text(i), "meta": {"pile_set_name": "Made"}}) for i in range(documents)]
    lines[3] = '{"text": "broken'
    lines[4] = json.dumps({"text": "nul \0 byte", "meta": {}})
    (pile / "00.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n", mtime=0))
    (pile / "01.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n", mtime=0)[:-200])

    near = python_text(1000, 200)
    texts = [python_text(i) for i in range(documents)]
    paths = [f"src/module_{i}.py" for i in range(documents)]
    texts += [texts[0], near, near.replace("alpha", "omega", 1), "x = '" + "a" * 2000 + "'\n", "int main() {}\n", ""]
    paths += ["copy/exact.py", "near/first.py", "near/second.py", "long/line.py", "main.rs", "empty.py"]
    table = pa.table(
        {
            "repo_name": [f"owner/repo-{i % 7}" for i in range(len(texts))],
            "path": paths,
            "content": texts,
            "license": ["mit"] * len(texts),
            "size": [len(t) for t in texts],
            "copies": [1] * len(texts),
        }
    )
    pq.write_table(table, root / "github.parquet", row_group_size=25)

    tree = root / "tree" / "project"
    (tree / "lib").mkdir(parents=True)
    (tree / "LICENSE").write_text("MIT License\n\nPermission is hereby granted, free of charge")
    for i in range(documents):
        (tree / "lib" / f"unit_{i}.py").write_text(python_text(5000 + i))
    (tree / "lib" / "latin.py").write_bytes(b"name = '\xe9'\n")
    (tree / "lib" / "elsewhere.py").write_text(texts[5])
    return BuildConfig.model_validate(
        {
            "name": "small",
            "sources": {
                "pile": {"kind": "pile_jsonl", "paths": [str(pile / "*.jsonl.gz")], "filters": "none"},
                "github": {"kind": "github_parquet", "paths": [str(root / "github.parquet")], "languages": ["python"]},
                "tree": {"kind": "directory", "paths": [str(root / "tree")], "languages": ["python"]},
            },
            "stages": {
                "nl": {"sources": ["pile"]},
                "mono": {"sources": ["github", "tree"], "prefix": "# language: {language}\n"},
            },
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 480, "sample_bytes": 60_000},
            "shards": {"context_length": 32, "hosts": 2, "shard_bytes": 20_000, "validation_share": 0.1},
        }
    )
