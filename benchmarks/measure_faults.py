"""Breaks builds at random moments, runs each again, and counts how they ended; prints a table in Markdown.

    python -m benchmarks.measure_faults --seeds 20

Each try is a real `codemill build` with two workers on a small corpus; the moment is drawn between the start and the
time that an undisturbed build takes. Columns: how the broken build ended (the same digest, a clear error in one line
with its remedy, the kill itself, anything else); whether the same command, run again, gave the digest of an undisturbed
build; builds that did not end; processes that were left; files in the snapshot that its manifest does not list. A full
disk takes root, for a file system of its own; the storage is fake-gcs-server on loopback.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults import DISK, LOCAL, STORAGE, Attempt, Break, small_disk
from schemas.config import BuildConfig
from tests.corpus import write_corpus
from tests.pipelines.broken_builds import Ended, Ending, RunningBuild, digest_of, strays
from tests.storage.faults import FaultProxy, fault_proxy
from tests.storage.server import BUCKET, storage_server

COLUMNS = ["tries", "same digest", "clear error", "killed", "other", "same digest after rerun", "hangs"]
COLUMNS += ["processes left", "stray files"]
PROGRAM_SECONDS = 0.5
"""Until Python has loaded the program; before, it answers a signal in its own words."""


@dataclass
class Bench:
    """The corpus, and what an undisturbed build of it makes and takes."""

    root: Path
    config: Path
    other: Path
    digest: str = ""
    seconds: float = 0.0
    disk_bytes: int = 0

    def measure(self) -> None:
        """Build undisturbed, once to load what is compiled and once to know how long that takes."""
        for name in ("first", "undisturbed"):
            output = self.root / name / "snapshot"
            output.parent.mkdir()
            begin = time.monotonic()
            ended = RunningBuild(self.config, str(output), self.root / f"{name}.log").end()
            if ended.ending is not Ending.PUBLISHED:
                raise SystemExit(f"the undisturbed build failed: {ended.said}")
            self.seconds = time.monotonic() - begin
        self.digest = digest_of(str(output))
        self.disk_bytes = sum(p.stat().st_blocks * 512 for p in output.parent.rglob("*"))


@dataclass
class Row:
    """What came of one fault."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, ends: list[Ended], at_once: str, again: Ended, bench: Bench, output: str) -> None:
        """Count one try, with the digest before it was run again; what happened is told on standard error."""
        names = {Ending.CLEAR_ERROR: "clear error", Ending.KILLED: "killed", Ending.HANG: "hangs"}
        if at_once == bench.digest:
            names[Ending.PUBLISHED] = "same digest"
        self.counts["tries"] += 1
        self.counts.update(names.get(ended.ending, "other") for ended in ends)
        self.counts["hangs"] += again.ending is Ending.HANG
        self.counts["processes left"] += sum(ended.processes for ended in [*ends, again])
        published = again.ending is Ending.PUBLISHED
        self.counts["same digest after rerun"] += published and digest_of(output) == bench.digest
        found = strays(output) if published else []
        self.counts["stray files"] += len(found)
        print(f"{self.name}: {[e.ending.value for e in ends]} then {again.ending.value} {found}", file=sys.stderr)
        for ended in [*ends, again]:
            if ended.ending in (Ending.OTHER, Ending.HANG) or ended.processes or (ended is again and not published):
                print(f"status {ended.status}, {ended.processes} left: {ended.said[-3000:]}", file=sys.stderr)

    def line(self) -> str:
        """The row of the table."""
        return f"| {self.name} | " + " | ".join(f"{self.counts[column]:,}" for column in COLUMNS) + " |"


def try_fault(row: Row, break_: Break, seed: int, bench: Bench, proxy: FaultProxy | None) -> None:
    """Break a build and run it again."""
    draw = random.Random(f"{row.name} {seed}")
    with tempfile.TemporaryDirectory(dir=bench.root) as directory, ExitStack() as stack:
        log = Path(directory, "logs")
        place = Path(directory, "disk")
        log.mkdir()
        place.mkdir()
        if row.name in DISK:
            stack.enter_context(small_disk(place))
        output = f"gs://{BUCKET}/{Path(directory).name}/snapshot" if proxy else str(place / "snapshot")
        moment = draw.uniform(PROGRAM_SECONDS, bench.seconds)
        attempt = Attempt(bench.config, bench.other, output, log, moment, draw, bench.disk_bytes, proxy, stack)
        ends = break_(attempt)
        at_once = digest_of(output)
        row.add(ends, at_once, attempt.start("again").end(), bench, output)


@contextmanager
def storage() -> Iterator[FaultProxy]:
    """A storage server behind a proxy, for the builds and for this process."""
    with storage_server() as address, fault_proxy(address) as proxy:
        os.environ["STORAGE_EMULATOR_HOST"] = proxy.address
        yield proxy


def write_configs(root: Path) -> Bench:
    """The corpus, its config, and one with another tokenizer."""
    config = write_corpus(root / "corpus", documents=30)
    other = config.model_dump(mode="json")
    other["tokenizer"]["vocabulary_size"] = 470
    paths = {"config": config, "other": BuildConfig.model_validate(other)}
    for name, made in paths.items():
        (root / f"{name}.yaml").write_text(made.model_dump_json())
    return Bench(root, root / "config.yaml", root / "other.yaml")


def main() -> None:
    """Try the faults and print the table."""
    parser = argparse.ArgumentParser(description="Break builds at random moments and run them again.")
    parser.add_argument("--seeds", type=int, default=20, help="tries of each fault")
    parser.add_argument("--only", default="", help="a regular expression for the names of the faults to try")
    arguments = parser.parse_args()
    # What a shell starts in the background ignores SIGINT, and so would the builds.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="codemill-faults-") as directory, storage() as proxy:
        bench = write_configs(Path(directory))
        bench.measure()
        faults = {
            name: break_ for name, break_ in {**LOCAL, **DISK, **STORAGE}.items() if re.search(arguments.only, name)
        }
        rows = {name: Row(name) for name in faults}
        with suppress(KeyboardInterrupt):  # then the table says what has been tried so far
            for seed in range(arguments.seeds):
                for name, break_ in faults.items():
                    try_fault(rows[name], break_, seed, bench, proxy if name in STORAGE else None)
    print(f"An undisturbed build took {bench.seconds:.0f} s.\n")
    print("| fault | " + " | ".join(COLUMNS) + " |\n|" + " --- |" * (len(COLUMNS) + 1))
    print("\n".join(row.line() for row in rows.values()))


if __name__ == "__main__":
    main()
