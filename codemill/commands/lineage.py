"""`codemill lineage`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import checkpoints, runs


def lineage(
    run: Annotated[str, typer.Argument(help="Run directory, local or gs://.", metavar="RUN", autocompletion=runs)],
    checkpoint: Annotated[
        int | None,
        typer.Option(
            help="Step of the checkpoint.  [default: the newest]", show_default=False, autocompletion=checkpoints
        ),
    ] = None,
    shards: Annotated[bool, typer.Option("--shards", help="List each shard with its SHA-256.")] = False,
    step: Annotated[
        int | None,
        typer.Option(
            min=1, help="List the documents of this step instead, tab-separated; see also explain RUN step:N."
        ),
    ] = None,
) -> None:
    """Say what a run's weights learned from.

    Stages, snapshots and shards; or, with --step, the documents of one step.

    Example: codemill lineage runs/codegen-350m --step 120000
    """
    from codemill.lineage import lineage_lines, step_lines

    for line in lineage_lines(run, checkpoint, shards) if step is None else step_lines(run, step):
        typer.echo(line)
