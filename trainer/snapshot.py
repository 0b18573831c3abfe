"""A stage's data, opened: the checks that each snapshot is the one the plan means, then its splits."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.order import order_key
from loaders.sequences import CYCLE, Part, Sequences
from loaders.split import SplitRecords
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import MANIFEST_NAME, TRAIN_SPLIT, VALIDATION_PREFIX, Manifest, Stage, load_manifest
from schemas.model_config import ModelConfig
from schemas.plan import MixturePart, Plan, StagePlan
from schemas.record_layout import RecordLayout
from storage.files import exists, join


@dataclass(frozen=True)
class StageData:
    """What one stage trains and is measured on."""

    digests: tuple[str, ...]
    """The snapshots', in the order of the stage's parts."""
    separator_id: int
    train: Sequences
    validation: dict[str, Sequences]
    """By language, in a mixture by part:language; empty splits are left out."""


def is_published(stage: StagePlan) -> bool:
    """Whether all snapshots of a stage are there, with the digests that the plan asks for."""
    return all(
        exists(join(part.snapshot, MANIFEST_NAME)) and part.digest in (None, load_manifest(part.snapshot).digest)
        for part in stage.parts
    )


def open_stages(plan: Plan) -> list[StageData]:
    """Open the data of all stages, so that the last stage's trouble shows before the first one's step.

    Raises:
        CodemillError: a snapshot does not fit the plan; one line that names both and the remedy.
        CheckFailed: a snapshot is not the one whose digest the plan gives.
    """
    return [open_stage(plan, stage) for stage in plan.stages]


def open_stage(plan: Plan, stage: StagePlan) -> StageData:
    """Open one stage's data; raises as `open_stages`."""
    manifests = [load_manifest(part.snapshot) for part in stage.parts]
    entries = [
        _fitting(manifest, plan.model, stage, part) for manifest, part in zip(manifests, stage.parts, strict=True)
    ]
    separators = {manifest.tokenizer.separator_id for manifest in manifests}
    if len({manifest.tokenizer.identity for manifest in manifests}) > 1 or len(separators) > 1:
        raise CodemillError(
            f"stage {stage.name}: the snapshots of its mixture were made with different tokenizers",
            "build them with one tokenizer: name the first one's files in the others' configs",
        )

    def records(number: int, split: str) -> SplitRecords:
        layout = RecordLayout(manifests[number].context_length, manifests[number].id_bytes)
        return SplitRecords(stage.parts[number].snapshot, entries[number].splits[split], layout)

    parts = [Part(part.name, records(i, TRAIN_SPLIT), part.weight) for i, part in enumerate(stage.parts)]
    train = Sequences(parts, plan.seed, order_key(stage.name, TRAIN_SPLIT))
    _check_epochs(stage, train)
    validation = {}
    for number, (entry, part) in enumerate(zip(entries, stage.parts, strict=True)):
        for language in entry.validation_languages():
            held_out = records(number, VALIDATION_PREFIX + language)
            if len(held_out):
                name = f"{part.name}:{language}" if stage.mixture else language
                key = order_key(stage.name, VALIDATION_PREFIX + name)
                validation[name] = Sequences([Part(part.name, held_out, 1.0)], plan.seed, key)
    return StageData(tuple(manifest.digest for manifest in manifests), separators.pop(), train, validation)


def _fitting(manifest: Manifest, model: ModelConfig, stage: StagePlan, part: MixturePart) -> Stage:
    where = f"stage {stage.name}: {part.snapshot}"
    if part.digest is not None and manifest.digest != part.digest:
        raise CheckFailed(
            f"{where} has digest {manifest.digest[:16]}..., the plan asks for {part.digest[:16]}...",
            "point `snapshot` at the right directory, or change `digest` if the new data is meant",
        )
    if part.dataset not in manifest.stages:
        raise CodemillError(
            f"{where} holds no dataset {part.dataset!r}, only {', '.join(manifest.stages)}",
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
    entry = manifest.stages[part.dataset]
    records = entry.splits[TRAIN_SPLIT].records if TRAIN_SPLIT in entry.splits else 0
    if records < stage.batch_sequences:
        raise CodemillError(
            f"{where} has {records} training records, fewer than one batch of {stage.batch_sequences}",
            "lower `batch_sequences`, or build with more text or a shorter context",
        )
    return entry


def _check_epochs(stage: StagePlan, train: Sequences) -> None:
    sequences = stage.batch_of(stage.steps) * stage.batch_sequences
    for part, share, entry, epochs in zip(
        stage.parts, train.shares.tolist(), train.parts, train.epochs(sequences), strict=True
    ):
        if epochs > stage.epochs:
            mixed = f", {share / CYCLE:.1%} of them," if stage.mixture else ""
            fitting = int(stage.epochs * len(entry.records) * CYCLE / share / stage.batch_sequences)
            raise CodemillError(
                f"stage {stage.name}: {part.snapshot}: {stage.steps} steps of {stage.batch_sequences} sequences{mixed} "
                f"pass {epochs:.2f} times over {len(entry.records)} records, the limit is {stage.epochs:g}",
                f"lower `steps` to {fitting}, or raise `epochs`",
            )
