"""`codemill train`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import runs
from codemill.commands.options import Plan

RunDirectory = Annotated[
    str,
    typer.Option(
        "--output", "-o", help="Run directory for checkpoints and metrics, local or gs://.", autocompletion=runs
    ),
]


def train(
    plan: Plan,
    output: RunDirectory,
    wait: Annotated[bool, typer.Option(help="Begin each stage when its snapshots are published.")] = False,
    profile_step: Annotated[
        int | None, typer.Option(min=1, help="Trace three steps from this one on into the run directory's `profile`.")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, envvar="CODEMILL_PROCESSES", help="This is one of so many processes of one run."),
    ] = None,
    process_index: Annotated[
        int | None, typer.Option(min=0, envvar="CODEMILL_PROCESS_INDEX", help="Which one, from 0.")
    ] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(envvar="CODEMILL_COORDINATOR", help="HOST:PORT of process 0, a free port that all can reach."),
    ] = None,
) -> None:
    """Train the stages of a plan; run again, it goes on.

    It goes on from the last checkpoint, across the edges of stages too.

    On a Cloud TPU slice the same command on every host makes one run of them. Elsewhere `codemill launch` starts the
    processes of one machine; those of several are started by hand, with the last three options.

    Example: codemill train examples/codegen-350m-plan.yaml --output runs/codegen-350m
    """
    from codemill.joined import joined
    from schemas.plan import load_plan
    from trainer.train import train as run_training

    with joined(processes, process_index, coordinator):
        run_training(load_plan(plan), output, report=typer.echo, wait=wait, profile_step=profile_step)
