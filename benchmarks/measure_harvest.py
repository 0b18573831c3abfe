"""Times the harvest pass, Beam included, on the code of a corpus read several times over; prints one line of JSON.

    python -m benchmarks.measure_harvest CORPUS --work DIRECTORY --times 10

Seconds are of the pass alone, after a first one on one file, which loads the kernels; `cpu_seconds` leave out the waits
for disks and for other users of the core. `parts` says which part of the pass took how long; what is left over is Beam
and the gathering of columns.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.documents import document_table, harvest_unit
from pipelines.documents.harvest import harvest
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.workspace import Workspace
from schemas.config import BuildConfig

LANGUAGES = ["c", "cpp", "go", "java", "javascript", "python"]
PARTS: tuple[tuple[Any, str, str], ...] = (
    (harvest_unit, "write_table", "write Parquet, zstd and fsync"),
    (document_table, "compute_signals", "signals"),
    (document_table, "sketch", "shingles and 256-bin sketches"),
    (document_table, "_sha256", "SHA-256"),
    (document_table, "_ids", "document ids"),
)
READ = "read Parquet, check and copy texts"


def timed(function: Callable[..., Any], parts: dict[str, float], name: str) -> Callable[..., Any]:
    """The function, adding its seconds to `parts[name]`."""

    def run(*arguments: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            parts[name] += time.perf_counter() - begin

    return run


def timed_steps(function: Callable[..., Iterator[Any]], parts: dict[str, float]) -> Callable[..., Iterator[Any]]:
    """The generator, adding the seconds of its own steps to `parts[READ]`."""

    def run(*arguments: Any) -> Iterator[Any]:
        steps = function(*arguments)
        while True:
            begin = time.perf_counter()
            element = next(steps, None)
            parts[READ] += time.perf_counter() - begin
            if element is None:
                return
            yield element

    return run


def peak_memory() -> int:
    """Resident bytes of this process at its largest; what `getrusage` says includes the process it was forked from."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def config(paths: list[str], filters: str) -> BuildConfig:
    """A build of which only the harvest is run."""
    source = {"kind": "github_parquet", "paths": paths, "languages": LANGUAGES, "filters": filters}
    return BuildConfig.model_validate(
        {"name": "harvest", "sources": {"code": source}, "stages": {"mono": {"sources": ["code"]}}}
    )


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--filters", default="bigcode")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    copies = arguments.work / "input"
    copies.mkdir(parents=True)
    files = sorted((arguments.corpus / "code").glob("*.parquet"))
    for number in range(arguments.times):
        for path in files:
            os.link(path, copies / f"{number:02d}-{path.name}")
    runner = Runner(1, Silence())
    harvest(config([str(files[0])], arguments.filters), Workspace(str(arguments.work / "first")), runner)
    parts: dict[str, float] = {READ: 0.0} | {name: 0.0 for _, _, name in PARTS}
    harvest_unit.read = timed_steps(harvest_unit.read, parts)  # type: ignore[attr-defined]
    for module, function, name in PARTS:
        setattr(module, function, timed(getattr(module, function), parts, name))
    begin, cpu_begin = time.perf_counter(), time.process_time()
    chosen = config([str(copies / "*.parquet")], arguments.filters)
    found = harvest(chosen, Workspace(str(arguments.work / "work")), runner)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    shutil.rmtree(arguments.work)
    result = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "bytes": sum(block.text_bytes for block in found.blocks),
        "documents": sum(block.documents for block in found.blocks),
        "peak": peak_memory(),
        "parts": parts | {"Beam, columns, the rest": seconds - sum(parts.values())},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
