"""`codemill demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import directories
from codemill.commands.options import Workers


def demo(
    output: Annotated[
        str, typer.Option("--output", "-o", help="Directory for the demo's files.", autocompletion=directories)
    ] = "demo",
    steps: Annotated[int, typer.Option(help="Training steps per stage.", min=20)] = 40,
    workers: Workers = None,
) -> None:
    """Show everything on a small scale: build, train, sample.

    The packages of this Python environment become a snapshot, on which a small model is trained in three stages. It
    takes a few minutes.

    Example: codemill demo --output demo
    """
    from codemill.building.demonstration import run_demo

    run_demo(output, steps, workers)
