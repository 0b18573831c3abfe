"""`codemill demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.options import Workers


def demo(
    output: Annotated[str, typer.Option("--output", "-o", help="Directory for the demo's files.")] = "demo",
    steps: Annotated[int, typer.Option(help="Training steps per stage.", min=20)] = 40,
    workers: Workers = None,
) -> None:
    """Build a snapshot from the packages of this Python environment and train a small model on it in three stages.

    Example: codemill demo --output demo
    """
    from codemill.building.demonstration import run_demo

    run_demo(output, steps, workers)
