"""What each pass shuffles where values travel in the shuffle, as on Dataflow; prints bytes by byte of text read.

    python -m benchmarks.measure_shuffled_bytes CORPUS --work DIRECTORY --files 3

CORPUS is what `python -m benchmarks.corpus` writes; `--files` says how many of its files of code are read, all of its
prose with them. Bytes are those of encoded elements before any compression, each counted once.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from benchmarks.check_estimate import config_of
from codemill.estimate.measure import MeasuringRunner, Meter
from pipelines.build import build
from pipelines.jobs.progress import Silence
from schemas.config import BuildConfig
from schemas.reasons import Outcome


def measure(config: BuildConfig, output: Path) -> tuple[int, dict[str, int]]:
    """(bytes of text read, bytes shuffled by pass) of a build into an empty directory."""
    meter = Meter(Silence())
    manifest = build(config, str(output), MeasuringRunner(1, meter, meter=meter))
    skipped = Outcome.NOT_SELECTED.value
    amounts = [(name, amount) for row in manifest.ledger.sources for name, amount in row.outcomes.items()]
    return sum(amount.bytes for name, amount in amounts if name != skipped), meter.shuffled


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--files", type=int, default=3)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    text, shuffled = measure(config_of(arguments.corpus, arguments.files), arguments.work / "snapshot")
    shutil.rmtree(arguments.work)
    print(f"{text / 1e6:.0f} MB of text")
    for name, size in shuffled.items():
        print(f"{name:12} {size / 1e6:10.2f} MB {size / text:8.4f}")
    total = sum(shuffled.values())
    print(f"{'all':12} {total / 1e6:10.2f} MB {total / text:8.4f}")


if __name__ == "__main__":
    main()
