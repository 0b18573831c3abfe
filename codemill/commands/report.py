"""`codemill report`."""

from __future__ import annotations

from codemill.commands.options import Snapshot


def report(snapshot: Snapshot) -> None:
    """Show a snapshot's ledger: what was read, kept and dropped, why, and the shards it became.

    Example: codemill report snapshots/codegen
    """
    from codemill.console import make_console
    from codemill.summary import print_summary
    from schemas.manifest import load_manifest

    print_summary(make_console(), load_manifest(snapshot), snapshot)
