"""How builds scale: time with one and two workers, and memory as the corpus grows.

    python -m benchmarks.measure_scaling CORPUS --work DIRECTORY --times 1 2 4

CORPUS is what `python -m benchmarks.corpus` writes. It grows by copies of its code in which every letter is another, so
that no copy is a duplicate of another and all passes grow. Efficiency is the time of one worker over twice that of two;
the program's start and what only the driver does are in both.
"""

from __future__ import annotations

import argparse
import shutil
import string
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.check_estimate import config_of
from benchmarks.session import run_build
from schemas.config import BuildConfig


def shifted(texts: pa.ChunkedArray, letters: int) -> pa.Array:
    """Texts with every letter replaced by the one so many places on, around the alphabet."""
    small, large = string.ascii_lowercase, string.ascii_uppercase
    turned = "".join(alphabet[letters:] + alphabet[:letters] for alphabet in (small, large))
    table = bytes.maketrans((small + large).encode(), turned.encode())
    kind = texts.type
    return pa.array([None if t is None else t.translate(table) for t in texts.cast(pa.binary()).to_pylist()]).cast(kind)


def grown(corpus: Path, times: int, directory: Path) -> BuildConfig:
    """A build of the corpus with its code `times` over."""
    directory.mkdir(parents=True)
    for path in sorted((corpus / "code").glob("*.parquet")):
        table = pq.read_table(path)
        column = table.schema.get_field_index("content")
        for number in range(times):
            copy = table.set_column(column, table.schema.field(column), shifted(table["content"], number))
            pq.write_table(copy, directory / f"{number:02d}-{path.name}", compression="zstd")
    config = config_of(corpus, 1)
    code = config.sources["code"].model_copy(update={"paths": (str(directory / "*.parquet"),)})
    return config.model_copy(update={"sources": {**config.sources, "code": code}})


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4])
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    print("| code read | workers | seconds | CPU seconds | largest process | efficiency |")
    print("| --- | --- | --- | --- | --- | --- |")
    for times in arguments.times:
        config = grown(arguments.corpus, times, arguments.work / f"input-{times}")
        one, two = (run_build(config, arguments.work, workers) for workers in (1, 2))
        for workers, found in ((1, one), (2, two)):
            efficiency = f"{one.seconds / two.seconds / 2:.0%}" if workers == 2 else ""
            print(
                f"| {times} x | {workers} | {found.seconds:.1f} | {found.cpu_seconds:.1f} "
                f"| {found.peak_bytes / 1e9:.2f} GB | {efficiency} |",
                flush=True,
            )
    shutil.rmtree(arguments.work)


if __name__ == "__main__":
    main()
