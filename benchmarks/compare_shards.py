"""Measures shards beside TFRecord and ArrayRecord as others write and read them, and their order; writes shards.md.

    python -m benchmarks.compare_shards --tree TREE --megatokens 100

Each measurement runs in a process of its own, all on the same single core, one after another. `--memory` names a file
system in memory, where a disk cannot be what is measured. Linux only, for it alone lets a process choose its core.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import yaml

from benchmarks.compare_build import HERE, build_config, measure, processor
from benchmarks.compare_dedup import table
from benchmarks.corpus import DESCRIPTION_NAME, write_corpus
from benchmarks.measure_dedup import Result, apart
from benchmarks.measure_shards import (
    BATCH,
    CONTEXT,
    READERS,
    SHARDS,
    WRITERS,
    make_ids,
    measure_memory,
    measure_parts,
    measure_reading,
    measure_writing,
    write_split,
)
from benchmarks.measure_shuffle import Shuffle, measure_shuffle

MEMORY_MEGABYTES = 150
SHORT_CONTEXT = 256
WRITTEN = {
    "ours": "codemill: `write_shard`, SHA-256 included",
    "examples": "`TFRecordWriter`, `tf.train.Example` of an int64 list",
    "bytes": "`TFRecordWriter`, `tf.train.Example` of one bytes value",
    "array_record": "ArrayRecord, int32 bytes, `group_size:1,uncompressed`",
}
READ = {
    "ours sequential": ("codemill `ShardReader`", "file"),
    "ours random": ("codemill `ShardReader`", "random"),
    "ordered": (f"codemill `OrderedBatches`, {SHARDS} shards", "training"),
    "ordered grain": ("the same through Grain", "training"),
    "ordered tf": ("the same through `tf.data`", "training"),
    "array_record sequential": ("ArrayRecord `__getitems__`", "file"),
    "array_record random": ("ArrayRecord `__getitems__`", "random"),
    "array_record grain": ("ArrayRecord through Grain", "random"),
    "ours tf single": ("`tf.data` on codemill's shard, `parse_single_example`", "file"),
    "ours tf batched": ("`tf.data` on codemill's shard, `parse_example` of a batch", "file"),
    "examples tf single": ("`tf.data` on plain Examples, `parse_single_example`", "file"),
    "examples tf batched": ("`tf.data` on plain Examples, `parse_example` of a batch", "file"),
    "bytes tf": ("`tf.data` on bytes Examples, `parse_example`, `decode_raw`", "file"),
    "unchecked": ("rows of a mapped int32 file, nothing checked", "random"),
}


def written(tokens: int, memory: dict[str, Result], disk: dict[str, Result]) -> Iterator[list[str]]:
    """Rows of the table of writers."""
    for name, system in WRITTEN.items():
        cells = []
        for found in (memory, disk):
            seconds = found[name]["seconds"]
            cells += [f"{tokens / seconds / 1e6:,.1f}", f"{seconds / found['ours']['seconds']:.1f}"]
        yield [system, *cells, f"{memory[name]['bytes'] / tokens:.2f}"]


def read(tokens: int, found: dict[str, Result]) -> Iterator[list[str]]:
    """Rows of the table of readers."""
    for name, (system, order) in READ.items():
        seconds = found[name]["seconds"]
        ratio = seconds / found["ours random"]["seconds"]
        yield [system, order, f"{tokens / seconds / 1e6:,.0f}", f"{ratio:.1f}"]


def spent(tokens: int, parts: Result, whole: float) -> Iterator[list[str]]:
    """Rows of the table of what writing does."""
    names = {"encode": "varints, frames, CRC-32C", "sha256": "SHA-256", "write": "writing to the file in memory"}
    for part, name in names.items():
        yield [name, f"{parts[part] / tokens * 1e9:.2f}", f"{parts[part] / whole:.0%}"]
    yield ["all of `write_shard`", f"{whole / tokens * 1e9:.2f}", "100%"]


def neighbours(shuffle: Shuffle) -> Iterator[list[str]]:
    """Rows of the table of orders; what chance gives is close to Poisson, so its deviation is the mean's root."""
    for order, pairs, shared, mean in shuffle.neighbours:
        yield [order, f"{pairs:,}", f"{shared:,}", f"{shared / pairs:.3%}", f"{mean:.0f} ± {mean**0.5:.0f}"]


def report(
    records: int,
    writing: tuple[dict[str, Result], dict[str, Result]],
    parts: Result,
    memory: Result,
    reading: dict[str, Result],
    shuffle: Shuffle,
) -> str:
    """The whole page."""
    tokens, batched = records * CONTEXT, records // BATCH * BATCH * CONTEXT
    versions = ", ".join(f"{name} {version(name)}" for name in ("tensorflow-cpu", "array-record", "grain"))
    lines = [
        "# Shards",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, one core, Python {'.'.join(map(str, sys.version_info[:3]))}, "
        f"{versions}; written by `benchmarks/compare_shards.py`.",
        "",
        f"{records:,} records of {CONTEXT + 1:,} ids, {tokens / 1e6:.0f} million tokens. Ids are log-uniform below "
        "50,257. The fastest of three runs after one that does not count. Ratios are times of codemill's.",
        "",
        "## Writing",
        "",
        "From an int32 array in memory to a closed file; on the disk, `fsync` included for all. M/s are million "
        "tokens a second. Neither TFRecord nor ArrayRecord makes a SHA-256 of the file.",
        "",
        *table(
            "system || in memory, M/s | ratio | disk, M/s | ratio | bytes a token",
            written(tokens, *writing),
        ),
        *table("part of codemill's || ns a token | share", spent(tokens, parts, writing[0]["ours"]["seconds"])),
        f"A shard of {memory['bytes'] / 1e6:.0f} MB takes {memory['memory'] / 1e6:.1f} MB beside its ids at the peak.",
        "",
        "## Reading",
        "",
        f"Batches of {BATCH} records as arrays; files are in the page cache. codemill, TFRecord and ArrayRecord check "
        "sums of every record.",
        "",
        *table("system | order || M/s | ratio", read(batched, reading)),
        "## Neighbours of one document",
        "",
        f"A snapshot of {shuffle.records:,} training records of {SHORT_CONTEXT} tokens from {shuffle.documents:,} "
        "documents, built by the command line: pairs of neighbouring records that hold parts of the same document. By "
        "chance they would be the sum of n(n - 1) / N over documents in n of N records: N are a shard's records, or in "
        "training all.",
        "",
        *table("order || pairs | of one document | share | by chance", neighbours(shuffle)),
    ]
    return "\n".join(lines)


def snapshot_of(tree: Path, work: Path, megabytes: float) -> Path:
    """Builds a snapshot of short records, so that documents span several."""
    corpus = work / f"corpus-{megabytes:g}"
    if not (corpus / DESCRIPTION_NAME).exists():
        shutil.rmtree(corpus, ignore_errors=True)
        write_corpus(tree, corpus, megabytes)
    config = build_config(corpus)
    config["shards"] = {"context_length": SHORT_CONTEXT, "hosts": 4, "shard_bytes": 8_000_000, "validation_share": 0}
    place, snapshot = work / "short.yaml", work / "short"
    place.write_text(yaml.safe_dump(config), encoding="utf-8")
    for directory in (snapshot, work / "short.work"):
        shutil.rmtree(directory, ignore_errors=True)
    command = [sys.executable, "-m", "codemill.cli", "build", str(place), "--output", str(snapshot), "--workers", "1"]
    measure(command, work / "short.log")
    return snapshot


def measure_files(work: Path, memory: Path, records: int) -> tuple[tuple[dict[str, Result], dict[str, Result]], Result]:
    """Writers in memory and on disk, then the parts of ours."""
    in_memory, on_disk = {}, {}
    for name in WRITERS:
        in_memory[name] = apart(measure_writing, name, str(memory), records, False)
        (memory / name).unlink()
        on_disk[name] = apart(measure_writing, name, str(work), records, True)
    return (in_memory, on_disk), apart(measure_parts, str(memory), records)


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare codemill's shards with TFRecord and ArrayRecord.")
    parser.add_argument("--tree", type=Path, required=True, help="where text files lie, such as a site-packages")
    parser.add_argument("--megatokens", type=float, default=100)
    parser.add_argument("--megabytes", type=float, default=40, help="text of the snapshot whose order is measured")
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="a directory on a file system in memory")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="for the files, on a disk")
    parser.add_argument("--output", type=Path, default=HERE / "shards.md")
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    records = max(BATCH, round(arguments.megatokens * 1e6 / CONTEXT))
    work, memory = arguments.work / "shards", arguments.memory / "codemill-shards"
    for directory in (work, memory):
        directory.mkdir(parents=True, exist_ok=True)
    try:
        shuffle = measure_shuffle(str(snapshot_of(arguments.tree, arguments.work, arguments.megabytes)), "all")
        writing, parts = measure_files(work, memory, records)
        peak = apart(measure_memory, str(memory), MEMORY_MEGABYTES)
        write_split(str(work), records)
        make_ids(records).tofile(work / "bare")
        reading = {name: apart(measure_reading, name, str(work), records) for name in READERS}
    finally:
        shutil.rmtree(memory, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)
    same = [name for name in READERS if READ[name][1] == "file"]
    assert len({reading[name]["sum"] for name in same}) == 1, "the systems did not read the same ids"
    page = report(records, writing, parts, peak, reading, shuffle)
    arguments.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
