"""Options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import snapshots, yaml_files

Snapshot = Annotated[
    str,
    typer.Argument(help="Snapshot directory, local or gs://.", metavar="SNAPSHOT", autocompletion=snapshots),
]
Config = Annotated[
    str,
    typer.Argument(help="Build config, a YAML file; see examples/.", metavar="CONFIG", autocompletion=yaml_files),
]
Plan = Annotated[
    str,
    typer.Argument(help="Training plan, a YAML file; see examples/.", metavar="PLAN", autocompletion=yaml_files),
]
Workers = Annotated[
    int | None,
    typer.Option(help="Worker processes on this machine.  [default: one per core]", min=1, show_default=False),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        help="Earlier snapshot, whose documents are not taken in again; repeatable.",
        show_default=False,
        autocompletion=snapshots,
    ),
]
