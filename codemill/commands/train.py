"""`codemill train`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.options import Plan

RunDirectory = Annotated[
    str, typer.Option("--output", "-o", help="Run directory for checkpoints and metrics, local or gs://.")
]


def train(
    plan: Plan,
    output: RunDirectory,
    wait: Annotated[bool, typer.Option(help="Begin each stage when its snapshots are published.")] = False,
    profile_step: Annotated[
        int | None, typer.Option(min=1, help="Trace three steps from this one on into the run directory's `profile`.")
    ] = None,
) -> None:
    """Train a plan's stages; run again, it goes on from the last checkpoint, across stage edges too.

    Example: codemill train examples/codegen-350m-plan.yaml --output runs/codegen-350m
    """
    from schemas.plan import load_plan
    from trainer.train import train as run_training

    run_training(load_plan(plan), output, report=typer.echo, wait=wait, profile_step=profile_step)
