"""Small real snapshots for the trainer's tests: true shards and a sealed manifest, no pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from schemas.ledger import Ledger
from schemas.manifest import FORMAT_VERSION, MANIFEST_NAME, Manifest, Packing, Shard, Split, Stage, Tokenizer
from schemas.record_layout import RecordLayout
from schemas.shard_file import write_shard

CONTEXT = 16
VOCABULARY = 96


def counting_records(count: int, stride: int, context_length: int = CONTEXT) -> np.ndarray:
    """Records a model can learn: each id is the one before plus `stride`, modulo the vocabulary."""
    starts = (np.arange(count) * 7) % VOCABULARY
    return (starts[:, None] + stride * np.arange(context_length + 1)) % VOCABULARY


def write_snapshot(
    directory: Path, stages: dict[str, dict[str, np.ndarray]], context_length: int = CONTEXT, shards: int = 3
) -> str:
    """Write {stage: {split: ids [n, context_length + 1]}} and return the directory."""
    layout = RecordLayout(context_length)
    entries = {}
    for stage, splits in stages.items():
        written = {}
        for split, ids in splits.items():
            parts = []
            for number, part in enumerate(np.array_split(ids, shards)):
                name = f"shards/{stage}/{split}-{number:05d}-of-{shards:05d}.tfrecord"
                records, size, sha256 = write_shard(str(directory / name), layout, part)
                parts.append(
                    Shard(
                        name=name,
                        records=records,
                        bytes=size,
                        sha256=sha256,
                        documents=0,
                        document_tokens=0,
                        rewritten=0,
                        separators=0,
                        padding=0,
                    )
                )
            packing = Packing(kind="concatenate", order="shuffled", stride=context_length, separator_id=0)
            written[split] = Split(shards=tuple(parts), packing=packing, feeds_hosts=1)
        entries[stage] = Stage(splits=written)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        name="test",
        seed=1,
        digest="",
        code_version="test",
        libraries={},
        config={},
        context_length=context_length,
        id_bytes=3,
        hosts=1,
        tokenizer=Tokenizer(kind="test", identity="", size=VOCABULARY, separator_id=0),
        stages=entries,
        ledger=Ledger(sources=(), splits=()),
        deduplication={},
        fingerprint={},
        band_parts=0,
        rules={},
        tables=(),
        inputs=(),
        files={},
    )
    (directory / MANIFEST_NAME).write_bytes(manifest.sealed().to_bytes())
    return str(directory)


def three_stage_snapshot(directory: Path) -> str:
    """Stages nl, multi, mono of 48, 40 and 32 training records, with held-out splits."""
    held_out = {"nl": ["english"], "multi": ["c", "python"], "mono": ["python"]}
    stages = {}
    for number, (stage, languages) in enumerate(held_out.items()):
        stages[stage] = {"train": counting_records(48 - 8 * number, number + 1)}
        for language in languages:
            stages[stage][f"validation-{language}"] = counting_records(5, number + 1)
    return write_snapshot(directory, stages)
