"""`codemill plan`."""

from __future__ import annotations

import typer

from codemill.commands.options import Plan


def plan(plan: Plan) -> None:
    """Check a training plan against its snapshots, and say what it asks for, without training.

    Example: codemill plan examples/codegen-350m-plan.yaml
    """
    from schemas.plan import load_plan
    from trainer.flops import flops_per_token
    from trainer.parameters import count_parameters
    from trainer.snapshot import open_stages

    wanted = load_plan(plan)
    typer.echo(f"{wanted.name}: {count_parameters(wanted.model):,} parameters, context {wanted.model.context_length}")
    per_token = flops_per_token(wanted.model)
    for stage, data in zip(wanted.stages, open_stages(wanted), strict=True):
        sequences = stage.batch_of(stage.steps) * stage.batch_sequences
        tokens = sequences * wanted.model.context_length
        typer.echo(
            f"{stage.name}: {stage.steps:,} steps of {stage.batch_sequences * wanted.model.context_length:,} tokens = "
            f"{tokens:,} tokens, {tokens * per_token:.3g} FLOP; held out: {', '.join(data.validation) or 'nothing'}"
        )
        for part, digest, epochs in zip(stage.parts, data.digests, data.train.epochs(sequences), strict=True):
            typer.echo(f"  {epochs:.2f} epochs of {part.dataset} in {part.snapshot} ({digest[:12]})")
