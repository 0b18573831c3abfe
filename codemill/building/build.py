"""A build as the command line shows it: progress of each pass, then what came of it."""

from __future__ import annotations

from codemill.report.summary import print_summary
from codemill.screen.progress import BuildProgress, make_console
from pipelines.build import build
from pipelines.runner import Runner, default_workers
from schemas.config import BuildConfig
from schemas.manifest import Manifest
from schemas.reasons import Outcome


def build_snapshot(
    config: BuildConfig,
    output: str,
    *,
    workers: int | None = None,
    work: str | None = None,
    against: tuple[str, ...] = (),
    beam_options: tuple[str, ...] = (),
) -> Manifest:
    """Build `config` into `output` and print the summary; the arguments are those of `codemill build`."""
    console = make_console()
    progress = BuildProgress(console)
    runner = Runner(workers or default_workers(), progress, beam_options)
    manifest = build(config, output, runner, work, against)
    print_summary(console, manifest, output)
    seconds = sum(progress.seconds.values())
    if seconds:
        skipped = Outcome.NOT_SELECTED.value
        read = sum(
            amount.bytes for row in manifest.ledger.sources for name, amount in row.outcomes.items() if name != skipped
        )
        console.print(
            f"{read / 1e6:.1f} MB read in {seconds:.1f} s with {runner.workers} workers: "
            f"{read / 1e6 / seconds / runner.workers:.1f} MB/s per worker",
            highlight=False,
        )
    else:
        console.print("up to date: every pass was already there", highlight=False)
    return manifest
