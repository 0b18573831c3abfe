"""Builds one corpus with codemill and with datatrove, on one core, and writes the comparison to build.md.

    python -m benchmarks.compare_build --tree TREE --peer-python PEER/bin/python --megabytes 120

Every process runs on the same single core, one after another. codemill runs twice: the first run on a machine also
compiles its kernels. Linux only, for it alone lets a process choose its core.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.corpus import DESCRIPTION_NAME, SEPARATOR, write_corpus

HERE = Path(__file__).resolve().parent


class Measured(NamedTuple):
    """One whole process and its children."""

    seconds: float
    cpu_seconds: float
    largest_process: int
    """Peak resident bytes of the largest process among them."""
    output: str


class Row(NamedTuple):
    """One line of the table."""

    system: str
    measured: Measured
    documents: int
    tokens: int


def measure(command: list[str], log: Path) -> Measured:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; the message has the end of what it printed.
    """
    begin = time.perf_counter()
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    output = log.read_text(encoding="utf-8")
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with status {process.returncode}:\n{output[-3000:]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


def build_config(corpus: Path) -> dict[str, Any]:
    """The codemill config that asks for what the datatrove script does, and for verified pairs and shards as well."""
    return {
        "name": "benchmark",
        "sources": {
            "prose": {"kind": "pile_jsonl", "paths": [str(corpus / "prose" / "*.jsonl")], "filters": "none"},
            "code": {
                "kind": "github_parquet",
                "paths": [str(corpus / "code" / "*.parquet")],
                "languages": ["c", "cpp", "go", "java", "javascript", "python"],
                "filters": "codegen",
            },
        },
        "stages": {"all": {"sources": ["prose", "code"]}},
        "dedup": {"near": {}},
        "tokenizer": {"kind": "tokenizer_json", "path": str(corpus / "tokenizer.json"), "separator": SEPARATOR},
        "shards": {"context_length": 2048, "hosts": 8, "validation_share": 0},
    }


def run_codemill(corpus: Path, work: Path, name: str) -> Row:
    """Build with codemill into a fresh directory; what was kept comes from the snapshot's manifest."""
    config = work / "codemill.yaml"
    config.write_text(yaml.safe_dump(build_config(corpus)), encoding="utf-8")
    snapshot, scratch = work / "snapshot", work / "snapshot.work"
    for directory in (snapshot, scratch):
        shutil.rmtree(directory, ignore_errors=True)
    command = [sys.executable, "-m", "codemill.cli", "build", str(config), "--output", str(snapshot)]
    measured = measure([*command, "--work", str(scratch), "--workers", "1"], work / "codemill.log")
    manifest = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))
    shards = [s for split in manifest["stages"]["all"]["splits"].values() for s in split["shards"]]
    return Row(
        f"codemill {version('codemill')}{name}",
        measured,
        sum(shard["documents"] for shard in shards),
        # With a separator after each document, as the peer counts.
        sum(shard["document_tokens"] + shard["separators"] for shard in shards),
    )


def run_datatrove(python: Path, corpus: Path, work: Path) -> tuple[Row, dict[str, list[float]]]:
    """Build with datatrove in its own environment; returns its seconds per step too."""
    scratch = work / "datatrove"
    shutil.rmtree(scratch, ignore_errors=True)
    script = [str(HERE / "datatrove_build.py"), str(corpus), str(scratch)]
    measured = measure([str(python), *script], work / "datatrove.log")
    result = json.loads(measured.output.splitlines()[-1])
    return Row(result["system"], measured, result["documents"], result["tokens"]), result["seconds"]


def processor() -> str:
    """The processor's model name."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


def table(rows: list[Row], text_bytes: int) -> list[str]:
    """The comparison in Markdown; the last row is the one that ratios are relative to."""
    last = rows[-1].measured.seconds
    lines = [
        "| system | seconds | CPU seconds | MB/s per core | ratio | largest process | documents kept | tokens |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        seconds, cpu, largest, _ = row.measured
        lines.append(
            f"| {row.system} | {seconds:.1f} | {cpu:.1f} | {text_bytes / 1e6 / seconds:.2f} | {last / seconds:.1f} | "
            f"{largest / 1e9:.2f} GB | {row.documents:,} | {row.tokens:,} |"
        )
    return lines


def passes(log: str) -> dict[str, float]:
    """Seconds of each pass of a codemill build, from the lines that it printed."""
    return {name: float(seconds) for name, seconds in re.findall(r"^(\w[\w ]*?) +\d+ \w+ in ([\d.]+) s$", log, re.M)}


def step_table(seconds: dict[str, float], text_bytes: int) -> list[str]:
    """Seconds and MB/s of each step in Markdown."""
    return [
        "| step | seconds | MB/s |",
        "| --- | ---: | ---: |",
        *(f"| {step} | {clock:.1f} | {text_bytes / 1e6 / clock:.2f} |" for step, clock in seconds.items()),
    ]


def report(rows: list[Row], steps: dict[str, list[float]], description: dict[str, int]) -> str:
    """The whole page."""
    text_bytes = description["prose_bytes"] + description["code_bytes"]
    lines = [
        "# Building one corpus: codemill and datatrove",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, one core, "
        f"Python {'.'.join(map(str, sys.version_info[:3]))}; written by `benchmarks/compare_build.py`.",
        "",
        f"Corpus: {text_bytes / 1e6:.1f} MB of text, {description['code_documents']:,} code files "
        f"({description['code_bytes'] / 1e6:.1f} MB, Parquet) and {description['prose_documents']:,} prose files "
        f"({description['prose_bytes'] / 1e6:.1f} MB, JSON lines). Both systems use one byte-level BPE tokenizer.json "
        f"of {description['vocabulary']:,} ids. Times are of whole processes, start-up included. A ratio is relative "
        "to the last row. MB are 10^6 bytes of input text.",
        "",
        *table(rows, text_bytes),
        "",
        "codemill also verifies each near-duplicate on its shingles and packs, shuffles and writes TFRecord shards, "
        "tables and a manifest; datatrove drops on the sketch's word and stops at token files. Both take 5-token "
        "shingles, 32 bands of 8 rows.",
        "",
        "## codemill by pass",
        "",
        *step_table(passes(rows[-2].measured.output), text_bytes),
        "",
        "## datatrove by step",
        "",
        *step_table({step: clock for step, (clock, _) in steps.items()}, text_bytes),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare a build by codemill with one by datatrove.")
    parser.add_argument("--tree", type=Path, required=True, help="where text files lie, such as a site-packages")
    parser.add_argument("--peer-python", type=Path, required=True, help="Python of the peer's environment")
    parser.add_argument("--megabytes", type=float, default=120)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="for the corpus and all output")
    parser.add_argument("--output", type=Path, default=HERE / "build.md")
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    corpus = arguments.work / f"corpus-{arguments.megabytes:g}"
    if not (corpus / DESCRIPTION_NAME).exists():
        shutil.rmtree(corpus, ignore_errors=True)
        write_corpus(arguments.tree, corpus, arguments.megabytes)
    description = json.loads((corpus / DESCRIPTION_NAME).read_text(encoding="utf-8"))

    rows = [run_codemill(corpus, arguments.work, name) for name in (", first run", "")]
    row, steps = run_datatrove(arguments.peer_python, corpus, arguments.work)
    rows.append(row)
    page = report(rows, steps, description)
    arguments.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
