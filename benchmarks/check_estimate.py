"""Compares `codemill estimate` with builds of the whole: CPU, bytes shuffled and stored, as predicted / measured.

    python -m benchmarks.check_estimate CORPUS --work DIRECTORY --files 1 3 9

CORPUS is what `python -m benchmarks.corpus` writes; `--files` says of how many of its files of code each build is, all
of its prose with them. A sample is a quarter of the text, `--sample-megabytes` at most. Each size is built by one
worker with all values in the shuffle, as the sample is, and by one and two workers as users build. That includes
starting the processes and loading kernels, which the estimate leaves out: it is measured on a build of nearly nothing,
and added.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from benchmarks.session import run_build
from codemill.estimate.measure import measure_build
from codemill.estimate.model import Measured, Quantity, by_step, least
from codemill.estimate.run import Wanted, estimate
from pipelines.jobs.progress import Silence
from pipelines.sources import plan
from schemas.config import BuildConfig

LANGUAGES = ["c", "cpp", "go", "java", "javascript", "python"]


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


def cpu_of(config: BuildConfig, work: Path, workers: int) -> float:
    """CPU seconds of a build as users run it, all its processes together."""
    return run_build(config, work, workers).cpu_seconds


def cpu_of_start(config: BuildConfig, work: Path, workers: int) -> float:
    """CPU seconds that a build needs to start its processes and load its kernels, from one of nearly no text."""
    (work / "little").mkdir()
    (work / "little" / "00.jsonl").write_text(
        json.dumps({"text": "A few words of prose, and nothing else.\n" * 20}) + "\n"
    )
    prose = config.sources["prose"].model_copy(update={"paths": (str(work / "little"),)})
    little = config.model_copy(update={"sources": {"prose": prose}, "stages": {"nl": config.stages["nl"]}})
    return min(cpu_of(little, work, workers) for _ in range(2))


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
        for workers in (1, 2):
            start, whole = (measure(config, arguments.work, workers) for measure in (cpu_of_start, cpu_of))
            shutil.rmtree(arguments.work / "little")
            ratio = (seconds + start) / whole
            print(
                f"  {workers} worker(s): {ratio:.2f} = ({seconds:.1f} + {start:.1f} to start) / {whole:.1f} s",
                flush=True,
            )
    shutil.rmtree(arguments.work)


if __name__ == "__main__":
    main()
