"""`codemill explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.options import Snapshot


def explain(
    snapshot: Snapshot,
    what: Annotated[
        str,
        typer.Argument(
            help="A path or its end; a document's id; or shards/STAGE/SPLIT...tfrecord:RECORD:TOKEN.", metavar="WHAT"
        ),
    ],
) -> None:
    """Say what became of a file and why, or which file a token comes from.

    Example: codemill explain snapshots/demo numpy/linalg/_linalg.py
    """
    from codemill.explain.answer import explain as lines

    for line in lines(snapshot, what):
        typer.echo(line)
