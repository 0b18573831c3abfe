"""`codemill report`."""

from __future__ import annotations

from codemill.commands.options import Snapshot


def report(snapshot: Snapshot) -> None:
    """Show a snapshot's ledger and mixture: what was read, kept and dropped, why, and the shards it became.

    Example: codemill report snapshots/codegen
    """
    from codemill.report.mixture import mixture, print_mixture
    from codemill.report.summary import print_summary
    from codemill.screen.progress import make_console
    from schemas.manifest import load_manifest

    console, manifest = make_console(), load_manifest(snapshot)
    print_summary(console, manifest, snapshot)
    print_mixture(console, mixture(snapshot, manifest))
