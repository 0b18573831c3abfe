"""A stage's data, opened: the checks that a snapshot is the one the plan means, then its splits."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.split import SplitRecords
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import TRAIN_SPLIT, VALIDATION_PREFIX, Manifest, Stage, load_manifest
from schemas.model_config import ModelConfig
from schemas.plan import Plan, StagePlan
from schemas.record_layout import RecordLayout


@dataclass(frozen=True)
class StageData:
    """What one stage trains and is measured on."""

    digest: str
    """The snapshot's."""
    separator_id: int
    train: SplitRecords
    validation: dict[str, SplitRecords]
    """By language; empty splits are left out."""


def open_stages(plan: Plan) -> list[StageData]:
    """Open the data of all stages, so that the last stage's trouble shows before the first one's step.

    Raises:
        CodemillError: a snapshot does not fit the plan; one line that names both and the remedy.
        CheckFailed: a snapshot is not the one whose digest the plan gives.
    """
    return [open_stage(plan.model, stage) for stage in plan.stages]


def open_stage(model: ModelConfig, stage: StagePlan) -> StageData:
    """Open one stage's data; raises as `open_stages`."""
    manifest = load_manifest(stage.snapshot)
    entry = _fitting(manifest, model, stage)
    layout = RecordLayout(manifest.context_length, manifest.id_bytes)
    validation = {
        language: SplitRecords(stage.snapshot, entry.splits[VALIDATION_PREFIX + language], layout)
        for language in entry.validation_languages()
    }
    return StageData(
        manifest.digest,
        manifest.tokenizer.separator_id,
        SplitRecords(stage.snapshot, entry.splits[TRAIN_SPLIT], layout),
        {language: records for language, records in validation.items() if len(records)},
    )


def _fitting(manifest: Manifest, model: ModelConfig, stage: StagePlan) -> Stage:
    where = f"stage {stage.name}: {stage.snapshot}"
    if stage.digest is not None and manifest.digest != stage.digest:
        raise CheckFailed(
            f"{where} has digest {manifest.digest[:16]}..., the plan asks for {stage.digest[:16]}...",
            "point `snapshot` at the right directory, or change `digest` if the new data is meant",
        )
    if stage.dataset not in manifest.stages:
        raise CodemillError(
            f"{where} holds no dataset {stage.dataset!r}, only {', '.join(manifest.stages)}",
            "set `dataset` to one of these",
        )
    if manifest.context_length != model.context_length:
        raise CodemillError(
            f"{where} has records of {manifest.context_length} tokens, the model a context of {model.context_length}",
            "change the model's `context_length`, or build the snapshot with the other",
        )
    if manifest.tokenizer.size > model.vocabulary_rows:
        raise CodemillError(
            f"{where} uses {manifest.tokenizer.size} token ids, the model has {model.vocabulary_rows} vocabulary rows",
            "raise the model's `vocabulary_rows` to at least that",
        )
    entry = manifest.stages[stage.dataset]
    records = entry.splits[TRAIN_SPLIT].records if TRAIN_SPLIT in entry.splits else 0
    if records < stage.batch_sequences:
        raise CodemillError(
            f"{where} has {records} training records, fewer than one batch of {stage.batch_sequences}",
            "lower `batch_sequences`, or build with more text or a shorter context",
        )
    epochs = stage.steps * stage.batch_sequences / records
    if epochs > stage.epochs:
        raise CodemillError(
            f"{where}: {stage.steps} steps of {stage.batch_sequences} sequences pass {epochs:.2f} times over "
            f"{records} records, the limit is {stage.epochs:g}",
            f"lower `steps` to {int(stage.epochs * records / stage.batch_sequences)}, or raise `epochs`",
        )
    return entry
