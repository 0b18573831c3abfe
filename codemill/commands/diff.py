"""`codemill diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import snapshots


def diff(
    a: Annotated[
        str, typer.Argument(help="Snapshot directory, local or gs://.", metavar="A", autocompletion=snapshots)
    ],
    b: Annotated[str, typer.Argument(help="The snapshot to compare it with.", metavar="B", autocompletion=snapshots)],
    limit: Annotated[int, typer.Option(help="Names, units and shares shown of each kind at most.", min=0)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead, with all shares.")] = False,
) -> None:
    """Say how two snapshots differ.

    In settings, input, documents, token shares and shards.

    Exit status 0 when they are identical, 1 when they differ, 2 when they cannot be compared.

    Example: codemill diff snapshots/codegen-1 snapshots/codegen-2
    """
    from codemill.diff.compare import compare
    from codemill.diff.tables import print_difference
    from codemill.screen.progress import make_console

    difference = compare(a, b, limit)
    if as_json:
        typer.echo(difference.to_json())
    else:
        print_difference(make_console(), difference, a, b, limit)
    if not difference.identical:
        raise typer.Exit(1)
