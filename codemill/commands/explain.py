"""`codemill explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import snapshots_and_runs


def explain(
    where: Annotated[
        str,
        typer.Argument(
            help="Snapshot directory, or a run's for a step of it; local or gs://.",
            metavar="SNAPSHOT",
            autocompletion=snapshots_and_runs,
        ),
    ],
    what: Annotated[
        str | None,
        typer.Argument(
            help="A path or its end; a document's id; a content's SHA-256, or sha256: and its first digits; "
            "shards/STAGE/SPLIT...tfrecord:RECORD:TOKEN; or step:STEP[:SEQUENCE[:TOKEN]] of a run.",
            metavar="WHAT",
            show_default=False,
        ),
    ] = None,
    snippet: Annotated[
        str | None,
        typer.Option(
            help="Instead of WHAT, a file with a piece of text, - for standard input: which documents hold it.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="Documents shown at most.", min=1)] = 20,
) -> None:
    """Say what became of a file, or where a token comes from.

    Also which documents hold a text, and which ones a training step learned from.

    Example: codemill explain snapshots/demo numpy/linalg/_linalg.py

    Example: codemill explain runs/demo step:120:5
    """
    from codemill.explain.answer import explain as lines
    from codemill.explain.answer import open_snapshot
    from codemill.explain.question import UNDERSTOOD
    from schemas.errors import CodemillError
    from storage.files import read_bytes

    if (what is None) == (snippet is None):
        raise CodemillError("explain takes either WHAT or --snippet FILE", UNDERSTOOD)
    if what is not None:
        answer = lines(where, what, limit)
    else:
        from codemill.explain.by_snippet import explain_snippet

        text = typer.get_binary_stream("stdin").read() if snippet == "-" else read_bytes(str(snippet))
        answer = explain_snippet(where, open_snapshot(where), text, limit)
    for line in answer:
        typer.echo(line)
