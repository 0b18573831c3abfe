"""`codemill run`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import directories
from codemill.commands.options import Against, Config, Plan, Workers
from codemill.commands.train import RunDirectory


def run(
    config: Config,
    plan: Plan,
    snapshot: Annotated[
        str,
        typer.Option(help="Snapshot directory; the plan's stages must name the same one.", autocompletion=directories),
    ],
    output: RunDirectory,
    workers: Workers = None,
    against: Against = None,
) -> None:
    """Build a snapshot, then train on it.

    Example: codemill run corpus.yaml plan.yaml --snapshot snapshots/corpus --output runs/first
    """
    from codemill.building.build import build_snapshot
    from schemas.config import load_config
    from schemas.errors import CodemillError
    from schemas.plan import load_plan
    from trainer.train import train

    wanted = load_plan(plan)
    foreign = sorted({part.snapshot for stage in wanted.stages for part in stage.parts} - {snapshot})
    if foreign:
        raise CodemillError(
            f"{plan}: trains on {', '.join(foreign)}, but {snapshot} is to be built",
            "make --snapshot and the plan agree",
        )
    build_snapshot(load_config(config), snapshot, workers=workers, against=tuple(against or ()))
    train(wanted, output, report=typer.echo)
