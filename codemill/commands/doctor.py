"""`codemill doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import directories, yaml_files


def doctor(
    config: Annotated[
        str | None,
        typer.Argument(
            help="Build config whose sources are looked for too.",
            metavar="[CONFIG]",
            show_default=False,
            autocompletion=yaml_files,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Snapshot directory that a build will write to.",
            show_default=False,
            autocompletion=directories,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Check this machine, and name a remedy for each fault.

    With CONFIG its sources are listed too, and --output is tried. Exit status 1 when something is broken.

    Example: codemill doctor corpus.yaml --output snapshots/corpus
    """
    from codemill.doctor.report import report
    from codemill.doctor.run import examine

    raise typer.Exit(report(examine(config, output), typer.echo, as_json=as_json))
