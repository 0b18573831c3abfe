"""Compares `codemill estimate` with builds of the whole: CPU, bytes shuffled and stored, as predicted / measured.

    python -m benchmarks.check_estimate CORPUS --work DIRECTORY --files 1 3 9

CORPUS is what `python -m benchmarks.corpus` writes; `--files` says of how many of its files of code each build is, all
of its prose with them. A sample is a quarter of the text, `--sample-megabytes` at most. Each size is built by one
worker and by two with all values in the shuffle, as the sample is, and by one worker as users build. Of two workers,
each has to be started and to load its kernels for each job, which the estimate leaves out: what that takes is measured
on a build of nearly nothing, and added.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from codemill.estimate.measure import cpu_seconds, measure_build
from codemill.estimate.model import Measured, Quantity, by_step, least
from codemill.estimate.run import Wanted, estimate
from codemill.estimate.sample import choose
from pipelines.build import build
from pipelines.progress import Silence
from pipelines.runner import Runner
from pipelines.sources import Planner, Unit, plan
from schemas.config import BuildConfig
from schemas.sources import FileSourceConfig

LANGUAGES = ["c", "cpp", "go", "java", "javascript", "python"]


class ShufflingRunner(Runner):
    """Keeps all values in the shuffle."""

    @property
    def exchanges_files(self) -> bool:
        """No."""
        return False


def config_of(corpus: Path, files: int) -> BuildConfig:
    """A build of some of the corpus."""
    code = [str(path) for path in sorted((corpus / "code").glob("*.parquet"))[:files]]
    return BuildConfig.model_validate(
        {
            "name": f"files-{files}",
            "sources": {
                "prose": {"kind": "pile_jsonl", "paths": [str(corpus / "prose")], "filters": "none"},
                "code": {"kind": "github_parquet", "paths": code, "languages": LANGUAGES, "filters": "bigcode"},
            },
            "stages": {"nl": {"sources": ["prose"]}, "multi": {"sources": ["code"]}},
            "tokenizer": {"kind": "tokenizer_json", "path": str(corpus / "tokenizer.json")},
        }
    )


def cpu_of(config: BuildConfig, output: Path, runner: Runner, plan: Planner = plan) -> float:
    """CPU seconds of a build."""
    shutil.rmtree(output, ignore_errors=True)
    shutil.rmtree(f"{output}.work", ignore_errors=True)
    begin = cpu_seconds()
    build(config, str(output), runner, plan=plan)
    return cpu_seconds() - begin


def cpu_of_starts(config: BuildConfig, output: Path, workers: int) -> float:
    """CPU seconds that worker processes need beside their work, over all jobs of a build."""

    def little(name: str, source: FileSourceConfig) -> list[Unit]:
        return choose(plan(name, source), 1e5, 1e5, 1.0, config.seed, str(output / "copies")).full

    apart = min(cpu_of(config, output / "apart", ShufflingRunner(workers, Silence()), little) for _ in range(2))
    within = min(cpu_of(config, output / "within", ShufflingRunner(1, Silence()), little) for _ in range(2))
    return apart - within


def print_ratios(predicted: Measured, measured: Measured) -> None:
    """Each quantity of each pass."""
    for quantity in Quantity:
        said, found = by_step(predicted.values, quantity), by_step(measured.values, quantity)
        unit, name = (1.0, "s") if quantity is Quantity.CPU else (1e6, "MB")
        parts = [
            f"{step} {said.get(step, 0.0) / value:.2f} of {value / unit:.2f}"
            for step, value in found.items()
            if value / unit >= 0.05
        ]
        all_said, all_found = sum(said.values()), sum(found.values())
        print(f"  {quantity}: {all_said / all_found:.2f} = {all_said / unit:.1f} / {all_found / unit:.1f} {name}")
        print(f"    {', '.join(parts)}")


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--files", type=int, nargs="+", default=[1, 3, 9])
    parser.add_argument("--sample-megabytes", type=float, default=64)
    arguments = parser.parse_args()
    for files in arguments.files:
        config = config_of(arguments.corpus, files)
        shutil.rmtree(arguments.work, ignore_errors=True)
        units = {name: plan(name, source) for name, source in config.sources.items()}  # type: ignore[arg-type]
        measure_build(config, units, str(arguments.work / "warm-up"), Silence())
        once, again = (measure_build(config, units, str(arguments.work / f"{n}"), Silence())[1] for n in (1, 2))
        measured = least(once, again)
        sample = min(arguments.sample_megabytes * 1e6, measured.amounts.text / 4)
        found = estimate(config, Wanted(), int(sample), Silence())
        print(
            f"{measured.amounts.text / 1e6:.0f} MB of text, {found.sample.amounts.text / 1e6:.0f} MB in the sample; "
            "values in the shuffle, predicted / measured"
        )
        print_ratios(found.whole, measured)
        seconds = sum(by_step(found.whole.values, Quantity.CPU).values())
        starts = cpu_of_starts(config, arguments.work, 2)
        two = cpu_of(config, arguments.work / "two", ShufflingRunner(2, Silence()))
        print(f"  2 workers: {(seconds + starts) / two:.2f} = ({seconds:.1f} + {starts:.1f} to start) / {two:.1f} s")
        files = cpu_of(config, arguments.work / "files", Runner(1, Silence()))
        print(f"  1 worker, values in files: {seconds / files:.2f} = {seconds:.1f} / {files:.1f} s", flush=True)
    shutil.rmtree(arguments.work)


if __name__ == "__main__":
    main()
