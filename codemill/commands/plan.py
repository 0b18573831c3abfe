"""`codemill plan`."""

from __future__ import annotations

from codemill.commands.options import Plan


def plan(plan: Plan) -> None:
    """Check a training plan against its snapshots and say what it asks for, without training.

    Example: codemill plan examples/codegen-350m-plan.yaml
    """
