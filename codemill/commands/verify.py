"""`codemill verify`."""

from __future__ import annotations

from codemill.commands.options import Snapshot, Workers


def verify(snapshot: Snapshot, workers: Workers = None) -> None:
    """Check a snapshot: every byte, against its manifest.

    Checks SHA-256 and size of every file, the CRC of every record, ids, streams, provenance, counts and the ledger.
    Exit status 1 when anything is wrong.

    Example: codemill verify snapshots/codegen
    """
    from codemill.screen.progress import BuildProgress, make_console
    from codemill.verify.snapshot import verify_snapshot
    from pipelines.jobs.progress import Done
    from pipelines.jobs.runner import default_workers
    from schemas.errors import CheckFailed

    console = make_console()
    progress = BuildProgress(console)
    started = False

    def show(done: int, total: int) -> None:
        nonlocal started
        if not started:
            progress.start("verify", total, "files")
            started = True
        progress.update(Done(done))

    result = verify_snapshot(snapshot, workers or default_workers(), show)
    progress.finish()
    for problem in result.problems:
        console.print(f"wrong: {problem}", highlight=False, markup=False)
    if result.problems:
        count = len(result.problems)
        things = f"{count} things are" if count > 1 else "one thing is"
        raise CheckFailed(
            f"{snapshot}: {things} not as the manifest says", "restore what is named above, or build the snapshot again"
        )
    console.print(
        f"{snapshot}: {result.files} files, {result.records:,} records, {result.bytes / 1e6:,.1f} MB: all as promised",
        highlight=False,
    )
