"""`codemill init`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import directories


def init(
    data: Annotated[
        str, typer.Argument(help="Folder of data, local or gs://.", metavar="DATA", autocompletion=directories)
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="Build config to write, a YAML file.")] = "corpus.yaml",
    plan: Annotated[
        str | None, typer.Option(help="Training plan to write with it, a YAML file.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write a config with comments for a folder of data.

    Looks at names and first rows only. Knows The Pile's JSON Lines, exports of github_repos, Git repositories and
    trees of code and text, also beside each other.

    Example: codemill init data --output corpus.yaml --plan plan.yaml
    """
    from codemill.initial.run import write_initial

    write_initial(data, output, plan, force=force, say=typer.echo)
