"""The pages that describe a snapshot or a run, written beside what they describe."""

from __future__ import annotations

from codemill.metadata.write import write_metadata
from codemill.report.snapshot import snapshot_page
from schemas.manifest import REPORT_NAME, Manifest
from storage.files import exists, join, write_atomic


def write_snapshot_pages(snapshot: str, manifest: Manifest, directory: str, work: str | None = None) -> list[str]:
    """Write a snapshot's report and its metadata; they follow from it, and are no part of its digest.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        directory: where the pages go, usually the same.
        work: the build's work directory, if it is not the usual one.

    Returns:
        Their paths.
    """
    report = join(directory, REPORT_NAME)
    write_atomic(report, snapshot_page(snapshot, manifest, work))
    return [report, *write_metadata(snapshot, manifest, directory)]


def has_pages(snapshot: str) -> bool:
    """Whether a snapshot's pages are there."""
    return exists(join(snapshot, REPORT_NAME))


def write_run_page(run: str, directory: str) -> str:
    """Write a run's report; its path."""
    from codemill.report.run import run_page  # JAX, which a snapshot's pages do without

    report = join(directory, REPORT_NAME)
    write_atomic(report, run_page(run))
    return report
