"""Builds one corpus on several engines and compares every byte; ends with status 1 where they differ.

    python -m benchmarks.compare_engines
    python -m benchmarks.compare_engines --engine Flink '--runner=FlinkRunner --flink_master=localhost:8081'

The corpus is made up of what codemill's own environment holds, and of made-up files with one of everything. An engine
that is given with --engine must reach the same files by the same names.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.prism import build_prism, prism_options
from benchmarks.worker_pool import worker_environment, worker_pool
from schemas.manifest import load_manifest
from tests.corpus import write_corpus

PACKAGES = ("apache_beam", "numpy", "pydantic", "rich")


class Engine(NamedTuple):
    """Where a build is to run."""

    name: str
    arguments: tuple[str, ...]
    """Of `codemill build`, the Beam options among them."""


class Outcome(NamedTuple):
    """What came of one engine's build."""

    engine: str
    seconds: float
    digest: str
    files: dict[str, str]
    """SHA-256 of each file of the snapshot."""


def write_config(directory: Path) -> Path:
    """Write the corpus and its config; returns the config's path."""
    shutil.rmtree(directory, ignore_errors=True)
    config: dict[str, Any] = write_corpus(directory / "corpus").model_dump(mode="json")
    for name in PACKAGES:
        package = str(Path(sysconfig.get_paths()["purelib"]) / name)
        config["sources"][name] = {"kind": "directory", "paths": [package], "languages": ["python"]}
        config["stages"]["mono"]["sources"].append(name)
    path = directory / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def build(engine: Engine, config: Path, output: Path) -> Outcome | None:
    """Build from nothing in a process of its own; None, and its words on the terminal, where that fails."""
    for path in (output, Path(f"{output}.work")):
        shutil.rmtree(path, ignore_errors=True)
    command = [sys.executable, "-m", "codemill.cli", "build", str(config), "-o", str(output), *engine.arguments]
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - begin
    if done.returncode:
        print(f"{engine.name}: failed with status {done.returncode}\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    files = {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }
    return Outcome(engine.name, seconds, load_manifest(str(output)).digest, files)


@contextmanager
def prepared(directory: Path) -> Iterator[list[Engine]]:
    """Make ready what runs here; what cannot be had is told and left out."""
    engines = [Engine(f"local, {n} worker{'s' * (n > 1)}", ("--workers", str(n))) for n in (1, 2, 4)]
    prism = build_prism(directory / "prism")
    if prism is None:
        print("Prism: not run: it is compiled with Go, which is not here")
        yield engines
        return
    engines.append(Engine("Prism", ("--", *prism_options(prism))))
    print("making an environment for workers of their own ...", flush=True)
    with worker_pool(worker_environment(directory / "worker")) as options:
        yield [*engines, Engine("Prism, workers apart", ("--", *prism_options(prism), *options))]


def compare(outcomes: list[Outcome | None]) -> bool:
    """Print the table; whether every engine built, and all the same."""
    print("| engine | seconds | digest | files as those of the first |")
    print("| --- | --- | --- | --- |")
    first = outcomes[0]
    for outcome in outcomes:
        if outcome is not None and first is not None:
            same = "all equal" if outcome.files == first.files else "DIFFERENT"
            print(f"| {outcome.engine} | {outcome.seconds:.0f} | {outcome.digest[:16]} | {same} |")
    return all(o is not None and first is not None and o.files == first.files for o in outcomes)


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, default=Path("benchmarks/work/engines").resolve())
    parser.add_argument("--engine", action="append", nargs=2, default=[], metavar=("NAME", "OPTIONS"))
    arguments = parser.parse_args()
    config = write_config(arguments.work / "input")
    others = [
        Engine(name, ("--", *options.split())) for name, _, options in (e.partition("=") for e in arguments.engine)
    ]
    run: Callable[[Engine], Outcome | None] = partial(build, config=config, output=arguments.work / "snapshot")
    with prepared(arguments.work) as engines:
        outcomes = [run(engine) for engine in (*engines, *others)]
    if not compare(outcomes):
        sys.exit("the engines do not agree")


if __name__ == "__main__":
    main()
