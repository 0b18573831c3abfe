"""`codemill plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from codemill.commands.options import Plan

if TYPE_CHECKING:
    import schemas.plan
    from trainer.snapshot import StageData

Topology = Annotated[
    str | None,
    typer.Option(help="TPU slice to compile for, such as v4:4x4x8, v5e:16x16 or v4-256.", show_default=False),
]
Mfu = Annotated[
    float,
    typer.Option(
        help="Share of the peak speed (model FLOP utilisation) to tell days for, with --topology.", min=0.01, max=1
    ),
]


def plan(plan: Plan, topology: Topology = None, mfu: Mfu = 0.5) -> None:
    """Check a training plan, and say what it asks for.

    Its snapshots are opened, and compared with what the plan expects.

    With --topology its steps are compiled for that slice first, which needs no TPU, and its snapshots need not be
    there yet: memory of a chip, collectives, checkpoint size, least time. Exit status 1 if a chip's memory is too
    small. Without libtpu (pip install 'codemill[tpu]') the figures are estimates.

    Example: codemill plan examples/codegen-350m-plan.yaml

    Example: codemill plan examples/codegen-16b-plan.yaml --topology v4:4x4x8
    """
    from schemas.plan import load_plan
    from trainer.model.parameters import count_parameters
    from trainer.preflight.fit import preflight
    from trainer.preflight.topology import parse_topology
    from trainer.snapshot import open_stages

    wanted = load_plan(plan)
    slice_ = None if topology is None else parse_topology(topology)
    typer.echo(f"{wanted.name}: {count_parameters(wanted.model):,} parameters, context {wanted.model.context_length}")
    if slice_ is None:
        for stage, data in zip(wanted.stages, open_stages(wanted), strict=True):
            _say_stage(wanted, stage, data)
    else:
        preflight(wanted, slice_, typer.echo, mfu)
        _say_what_is_there(wanted)


def _say_what_is_there(plan: schemas.plan.Plan) -> None:
    """The stages whose snapshots can be opened; of the others, why not."""
    from schemas.errors import CodemillError
    from schemas.manifest import load_manifest
    from storage.errors import StorageError
    from trainer.snapshot import open_stage

    for stage in plan.stages:
        try:
            for part in stage.parts:
                load_manifest(part.snapshot)
        except StorageError as error:
            # The next ones would be waited for as long.
            typer.echo(f"{stage.name} and later: tokens left unknown, no snapshot could be read: {error}")
            return
        except CodemillError as error:
            typer.echo(f"{stage.name}: tokens left unknown: {error.message}")
        else:
            _say_stage(plan, stage, open_stage(plan, stage))


def _say_stage(plan: schemas.plan.Plan, stage: schemas.plan.StagePlan, data: StageData) -> None:
    from trainer.metrics.flops import flops_per_token

    sequences = stage.batch_of(stage.steps) * stage.batch_sequences
    tokens = sequences * plan.model.context_length
    typer.echo(
        f"{stage.name}: {stage.steps:,} steps of {stage.batch_sequences * plan.model.context_length:,} tokens = "
        f"{tokens:,} tokens, {tokens * flops_per_token(plan.model):.3g} FLOP; "
        f"held out: {', '.join(data.validation) or 'nothing'}"
    )
    passes = data.train.epochs(sequences)
    for part, digest, records, epochs in zip(stage.parts, data.digests, data.train.parts, passes, strict=True):
        left = int((stage.epochs - epochs) * len(records.records)) * plan.model.context_length
        typer.echo(
            f"  {epochs:.2f} epochs of {part.dataset} in {part.snapshot} ({digest[:12]}); "
            f"{left:,} tokens left within {stage.epochs:g} epochs"
        )
