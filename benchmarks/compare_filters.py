"""Measures codemill's filters beside plain Python's and datatrove's, and the harvest pass; writes filtering.md.

    python -m benchmarks.compare_filters --tree TREE --peer-python PEER/bin/python --megabytes 340

Every process runs on the same single core, one after another. Linux only, for it alone lets a process choose its core.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.compare_build import HERE, measure, processor
from benchmarks.corpus import DESCRIPTION_NAME, write_corpus
from buffers.texts import Texts
from filtering.languages import language_of
from filtering.rule_sets import load_rule_set
from filtering.rules import evaluate, verdicts
from filtering.signals import FAMILIES, Batch, Columns, compute_signals

REPEATS = 3
BATCH_BYTES = 64 << 20


def batches(corpus: Path) -> list[Batch]:
    """The corpus's code in memory, as the harvest hands it to the filters."""
    table = pa.concat_tables(pq.read_table(path) for path in sorted((corpus / "code").glob("*.parquet")))
    content = table["content"].cast(pa.large_binary()).combine_chunks()
    paths = table["path"].to_pylist()
    sizes = np.cumsum(np.asarray(table["size"].combine_chunks()))
    cuts = np.searchsorted(sizes, np.arange(0, int(sizes[-1]) + BATCH_BYTES, BATCH_BYTES)).tolist()
    found = []
    for start, end in itertools.pairwise(cuts):
        if start < end:
            names = paths[start:end]
            texts = Texts.from_arrow(pa.concat_arrays([content[start:end]]))
            found.append(Batch(texts, [language_of(name) for name in names], names))
    return found


def fastest(run: Callable[[], Any]) -> float:
    """Seconds of the fastest of some runs, after one that loads the kernels."""
    run()
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def measure_rules(found: list[Batch], names: list[str]) -> tuple[float, dict[str, int]]:
    """Seconds for all signals that rule sets need, hit map and verdicts included; and documents per failed rule."""
    rules = tuple({rule.name: rule for name in names for rule in load_rule_set(name)}.values())
    wanted = {rule.signal for rule in rules}
    counts = dict.fromkeys((rule.name for rule in rules), 0)

    def run() -> None:
        for name in counts:
            counts[name] = 0
        for batch in found:
            signals = compute_signals(batch, wanted)
            hits = evaluate(rules, signals, pa.array(batch.languages))
            verdicts(rules, signals, hits)
            for bit, rule in enumerate(rules):
                counts[rule.name] += int((hits >> np.uint64(bit) & np.uint64(1)).sum())

    return fastest(run), counts


def measure_families(found: list[Batch]) -> dict[str, float]:
    """Seconds of each family of signals."""
    before: list[Columns] = [compute_signals(batch) for batch in found]

    def run(compute: Callable[[Batch, Columns], Columns]) -> None:
        for batch, columns in zip(found, before, strict=True):
            compute(batch, columns)

    return {name: fastest(lambda family=family: run(family.compute)) for name, family in FAMILIES.items()}  # type: ignore[misc]


def measure_harvest(corpus: Path, work: Path, times: int) -> dict[str, Any]:
    """What `benchmarks.measure_harvest` prints."""
    command = [sys.executable, "-m", "benchmarks.measure_harvest", str(corpus)]
    log = work.with_suffix(".log")
    output = measure([*command, "--work", str(work), "--times", str(times)], log).output
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def report(
    size: int,
    documents: int,
    code: tuple[float, dict[str, int]],
    prose: tuple[float, dict[str, int]],
    families: dict[str, float],
    peers: dict[str, Any],
    harvests: dict[int, dict[str, Any]],
) -> str:
    """The whole page."""

    def speed(seconds: float) -> float:
        return size / 1e6 / seconds

    python, datatrove = peers["rules"]["mb_per_s"], peers["datatrove"]["mb_per_s"]
    once, many = harvests[min(harvests)], harvests[max(harvests)]
    lines = [
        "# Filters and the harvest",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, one core, "
        f"Python {'.'.join(map(str, sys.version_info[:3]))}; written by `benchmarks/compare_filters.py`.",
        "",
        f"Corpus: {size / 1e6:.0f} MB of code in {documents:,} files. Texts are in memory before a clock starts; every "
        "rule is evaluated for every document. MB are 10^6 bytes of text.",
        "",
        "| rules | system | MB/s | ratio |",
        "| --- | --- | ---: | ---: |",
        f"| `codegen` + `bigcode` | codemill | {speed(code[0]):.0f} | {speed(code[0]) / python:.0f} |",
        f"| the same | plain Python (`filter_peers.py`) | {python:.1f} | 1 |",
        f"| `gopher` + `c4` | codemill | {speed(prose[0]):.0f} | {speed(prose[0]) / datatrove:.0f} |",
        f"| Gopher quality, Gopher repetition, C4 | datatrove {peers['datatrove_version']}, on "
        f"{peers['datatrove']['bytes'] / 1e6:.0f} MB | {datatrove:.2f} | 1 |",
        "",
        "Documents that fail a rule, where both sides state the same one. They differ where definitions do: lines "
        "(`splitlines` knows more line ends), Unicode letters, what counts as a comment, markers of generated files.",
        "",
        "| rule | codemill | plain Python |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {code[1][name]:,} | {peers['rules']['counts'].get(name, 0):,} |" for name in _shared(code[1])),
        "",
        "## Signals by family",
        "",
        "| family | MB/s | computed |",
        "| --- | ---: | --- |",
        *(
            f"| {name} | {speed(seconds):,.0f} | {'always' if FAMILIES[name].always else 'where a rule asks'} |"
            for name, seconds in families.items()
        ),
        "",
        "## The harvest, Beam included",
        "",
        "Parquet in; hashes, signals, `bigcode` rules, 256-bin sketches; Parquet out, one core.",
        "",
        "| input | seconds | MB/s | peak memory |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {found['bytes'] / 1e6:,.0f} MB | {found['seconds']:.1f} | "
            f"{found['bytes'] / 1e6 / found['seconds']:.0f} | {found['peak'] / 1e9:.2f} GB |"
            for found in (once, many)
        ),
        "",
        "| part of the larger run | seconds | share |",
        "| --- | ---: | ---: |",
        *(
            f"| {name} | {seconds:.1f} | {seconds / many['seconds']:.0%} |"
            for name, seconds in sorted(many["parts"].items(), key=lambda part: -part[1])
        ),
        "",
    ]
    return "\n".join(lines)


def _shared(counts: dict[str, int]) -> list[str]:
    skipped = ("html", "data")
    return [name for name in counts if not name.startswith(skipped)]


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare codemill's filters with plain Python's and datatrove's.")
    parser.add_argument("--tree", type=Path, required=True, help="where text files lie, such as a site-packages")
    parser.add_argument("--peer-python", type=Path, required=True, help="Python of the peer's environment")
    parser.add_argument("--megabytes", type=float, default=340)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="for the corpus and all output")
    parser.add_argument("--output", type=Path, default=HERE / "filtering.md")
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    corpus = arguments.work / f"corpus-{arguments.megabytes:g}"
    if not (corpus / DESCRIPTION_NAME).exists():
        shutil.rmtree(corpus, ignore_errors=True)
        write_corpus(arguments.tree, corpus, arguments.megabytes)
    found = batches(corpus)
    size = sum(int(batch.texts.lengths().sum()) for batch in found)
    documents = sum(len(batch.texts) for batch in found)
    code = measure_rules(found, ["codegen", "bigcode"])
    prose = measure_rules(found, ["gopher", "c4"])
    families = measure_families(found)
    del found
    script = [str(arguments.peer_python), str(HERE / "filter_peers.py"), str(corpus)]
    peers = json.loads(measure(script, arguments.work / "filter_peers.log").output.splitlines()[-1])
    harvests = {times: measure_harvest(corpus, arguments.work / "harvest", times) for times in (1, 10)}
    page = report(size, documents, code, prose, families, peers, harvests)
    arguments.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
