"""A build as the command line shows it: progress of each pass, then what came of it."""

from __future__ import annotations

from codemill.report.summary import print_summary
from codemill.report.write import has_pages, write_snapshot_pages
from codemill.screen.progress import BuildProgress, make_console
from pipelines.build import build
from pipelines.jobs.runner import Runner, default_workers
from schemas.config import BuildConfig
from schemas.manifest import REPORT_NAME, Manifest
from schemas.reasons import Outcome
from storage.files import join


def build_snapshot(
    config: BuildConfig,
    output: str,
    *,
    workers: int | None = None,
    work: str | None = None,
    against: tuple[str, ...] = (),
    beam_options: tuple[str, ...] = (),
) -> Manifest:
    """Build `config` into `output`, write the pages about it and print the summary.

    The arguments are those of `codemill build`.
    """
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
    if seconds or not has_pages(output):
        write_snapshot_pages(output, manifest, output, work)
    console.print(f"to look at: {join(output, REPORT_NAME)}", highlight=False, markup=False, soft_wrap=True)
    return manifest
