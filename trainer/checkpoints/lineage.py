"""Where a checkpoint's weights come from: every stage, its data, and the checkpoint before."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import CheckFailed, CodemillError
from schemas.model_config import ModelConfig
from schemas.plan import Plan


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StageDone(_Frozen):
    """What one stage has learned from so far."""

    name: str
    snapshot_digests: tuple[str, ...]
    """In the order of the stage's parts."""
    steps: int
    sequences: int
    """Consumed, skipped ones too: the whole state of the data."""


class Lineage(_Frozen):
    """The part of a checkpoint that is not arrays."""

    plan_name: str
    plan_fingerprint: str
    """`Plan.fingerprint` up to the last stage below."""
    model: ModelConfig
    step: int
    """Over all stages; the checkpoint's own number."""
    stages: tuple[StageDone, ...]
    """In order; the last is the one being trained."""
    parent: int | None
    """Step of the checkpoint that this one continues, None for the first."""


def read_lineage(data: object, where: str) -> Lineage:
    """A checkpoint's stored lineage.

    Raises:
        CheckFailed: it is not one.
    """
    try:
        return Lineage.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        raise CheckFailed(
            f"{where}: lineage is damaged ({'.'.join(map(str, problem['loc']))}: {problem['msg']})",
            "delete this checkpoint's directory; training goes on from the one before",
        ) from None


def check_continues(lineage: Lineage, plan: Plan, digests: list[tuple[str, ...]], where: str) -> None:
    """Refuse to go on from a checkpoint that another plan or other data made.

    Args:
        lineage: the checkpoint's.
        plan: the one about to go on.
        digests: of the snapshots of the plan's stages as far as the checkpoint has come, in order.
        where: the checkpoint's place, for the message.

    Raises:
        CodemillError: naming what differs and the remedy.
    """
    remedy = "train in a new directory, or give the plan back what it had"
    names = [stage.name for stage in lineage.stages]
    if names != [stage.name for stage in plan.stages[: len(names)]]:
        raise CodemillError(
            f"{where}: was trained in stages {', '.join(names)}, which this plan does not begin with", remedy
        )
    for stage, digest in zip(lineage.stages, digests, strict=False):
        if stage.snapshot_digests != digest:
            had, has = (", ".join(one[:16] + "..." for one in digests) for digests in (stage.snapshot_digests, digest))
            raise CodemillError(
                f"{where}: stage {stage.name} learned from snapshot {had}, the plan's has {has}",
                "point the plan at the snapshot it began with, or train in a new directory",
            )
    for stage, planned in zip(lineage.stages, plan.stages, strict=False):
        expected = planned.batch_of(stage.steps) * planned.batch_sequences
        if stage.sequences != expected:
            raise CodemillError(
                f"{where}: stage {stage.name} has consumed {stage.sequences} sequences, with the plan's `skip` it "
                f"would have been {expected}",
                "skip only batches that come after this checkpoint, or delete the checkpoints behind the earlier ones",
            )
    if lineage.plan_fingerprint != plan.fingerprint(len(names) - 1):
        raise CodemillError(
            f"{where}: seed, model, compute type or stages {', '.join(names)} of the plan have changed since", remedy
        )
