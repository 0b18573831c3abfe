"""The plan: one YAML file that names the training stages, their snapshots and their schedules."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.manifest import canonical_json
from schemas.model_config import PRESETS, ModelConfig
from schemas.suggest import did_you_mean
from schemas.yaml_file import load_model

Rematerialise = bool | Literal["elementwise"]
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MeshConfig(_Frozen):
    """How many devices each axis of the mesh spans."""

    data: int = Field(default=1, gt=0)
    """Copies of the parameters, each with its share of the batch."""
    fsdp: int | None = Field(default=None, gt=0)
    """Devices that share both the parameters and the batch; null takes every device the other axes leave."""
    tensor: int = Field(default=1, gt=0)
    """Devices that share each matrix product by heads, MLP channels and vocabulary."""


class Schedule(_Frozen):
    """JaxFormer's learning rate: linear from 0 to `peak`, then cosine to `end`, then constant."""

    peak: float = Field(gt=0)
    end: float = Field(ge=0)
    warmup_steps: int = Field(ge=0)
    anneal_steps: int = Field(ge=0)
    """Steps of the cosine, counted after the warm-up."""

    @model_validator(mode="after")
    def _falls(self) -> Schedule:
        if self.end > self.peak:
            raise ValueError(f"end {self.end} is above peak {self.peak}")
        return self


class MixturePart(_Frozen):
    """One of several snapshots that a stage learns from at once."""

    snapshot: str = Field(min_length=1)
    """Directory of a finished snapshot, local or gs://."""
    dataset: str
    """The stage inside the snapshot."""
    digest: str | None = None
    """The snapshot's digest; training refuses a snapshot that has another."""
    weight: float = Field(default=1.0, gt=0)
    """Share of the stage's sequences, relative to the other parts'."""

    @property
    def name(self) -> str:
        """The part's name in messages and in the key of its order: its dataset's."""
        return self.dataset


class StagePlan(_Frozen):
    """One training stage; it starts from the weights of the stage before."""

    name: str = Field(pattern=_NAME)
    snapshot: str = ""
    """Directory of a finished snapshot, local or gs://; or `mixture`."""
    dataset: str = ""
    """The stage inside the snapshot; left out, the one of this stage's name."""
    digest: str | None = None
    """The snapshot's digest; training refuses a snapshot that has another."""
    mixture: tuple[MixturePart, ...] = ()
    """Several snapshots instead of one; their datasets' names differ."""
    skip: tuple[tuple[int, int], ...] = ()
    """Batches [first, last] that are passed over, counted from 1 as steps are: where a loss spiked, go back to a
    checkpoint before and skip what caused it. Batches that are trained on already may not be added or taken away."""
    steps: int = Field(gt=0)
    batch_sequences: int = Field(gt=0)
    """Sequences of one optimizer step, over all devices."""
    microbatches: int = Field(default=1, gt=0)
    """Parts of the batch that run one after another, their gradients added in float32."""
    learning_rate: Schedule
    weight_decay: float = Field(default=0.1, ge=0)
    clip: float = Field(default=1.0, gt=0)
    """Largest global norm of the gradient."""
    optimizer: Literal["fresh", "carry"] = "fresh"
    """Start with empty Adam moments, or with those the stage before ended with."""
    separate_documents: bool = False
    """Tokens attend to their own document only, and positions begin anew in each; CodeGen saw a record as one text."""
    epochs: float = Field(default=4.0, gt=0)
    """The most passes over the data that the steps may make."""

    @model_validator(mode="before")
    @classmethod
    def _dataset_is_named_like_the_stage(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("dataset"):
            return {**data, "dataset": data.get("name", "")}
        return data

    @model_validator(mode="after")
    def _learns_from_something(self) -> StagePlan:
        if bool(self.snapshot) == bool(self.mixture):
            raise ValueError(f"stage {self.name} needs either `snapshot` or `mixture`")
        if self.mixture and self.digest is not None:
            raise ValueError("in a mixture each part has its own `digest`")
        names = [part.dataset for part in self.mixture]
        if len(set(names)) < len(names):
            raise ValueError(f"two parts of the mixture are datasets of one name: {', '.join(names)}")
        return self

    @model_validator(mode="after")
    def _skips_go_forward(self) -> StagePlan:
        ends = [0]
        for first, last in self.skip:
            if not ends[-1] < first <= last:
                raise ValueError(
                    f"skip [{first}, {last}] does not go forward: ranges are [first, last], in order, apart"
                )
            ends.append(last)
        return self

    @property
    def parts(self) -> tuple[MixturePart, ...]:
        """What the stage learns from: the mixture, or the one snapshot."""
        alone = MixturePart.model_construct(
            snapshot=self.snapshot, dataset=self.dataset, digest=self.digest, weight=1.0
        )
        return self.mixture or (alone,)

    def batch_of(self, step: int) -> int:
        """Number of the batch that step `step` trains on, both from 1: skipped ones are counted too; 0 for step 0."""
        batch = step
        for first, last in self.skip if step else ():
            if batch >= first:
                batch += last - first + 1
        return batch

    @model_validator(mode="after")
    def _batch_splits_evenly(self) -> StagePlan:
        if self.batch_sequences % self.microbatches:
            raise ValueError(
                f"batch_sequences {self.batch_sequences} is no multiple of microbatches {self.microbatches}"
            )
        return self


class CheckpointConfig(_Frozen):
    """Where and how often to save; the end of each stage is saved and kept always."""

    directory: str | None = None
    """Local or gs://; null means `checkpoints` inside the run directory."""
    every_steps: int = Field(default=1000, gt=0)
    every_minutes: float | None = Field(default=None, gt=0)
    """Save also after this long without a checkpoint; such a one is temporary and goes when the next one is there."""
    keep: int = Field(default=3, gt=0)
    """How many of the latest stay; temporary ones do not count."""
    read_back: Literal["full", "light"] = "full"
    """What is read again after each save: everything, or only the lists of arrays; everything at a stage's end."""
    timeout_seconds: float = Field(default=600, gt=0)
    """How long processes wait for each other at a save."""


class Plan(_Frozen):
    """A whole training run: a model and the stages it learns in."""

    name: str = Field(pattern=_NAME)
    seed: int = Field(default=42, ge=0, lt=2**32)
    model: ModelConfig
    """A preset's name, or explicit sizes, or `preset:` with sizes to change."""
    mesh: MeshConfig = MeshConfig()
    compute_dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 on accelerators, float32 on CPU. Weights and moments are float32 always."""
    attention: Literal["auto", "plain", "fused"] = "auto"
    """`auto`: a fused kernel on accelerators where there is one for the model, plain elsewhere; `fused` insists."""
    rematerialise: Rematerialise = True
    """Recompute each layer in the backward pass: less memory, about a third more work; `elementwise` keeps the products
    with weights and recomputes the rest, attention's scores among it; false keeps everything."""
    stages: tuple[StagePlan, ...] = Field(min_length=1)
    checkpoint: CheckpointConfig = CheckpointConfig()
    log_every: int = Field(default=10, gt=0)
    evaluate_every: int = Field(default=1000, gt=0)
    tensorboard: bool = False
    """Write TensorBoard's event files too, into `tensorboard` in the run directory; needs the extra of this name."""
    evaluation_sequences: int = Field(default=64, gt=0)
    """Held-out sequences per stage and language, the same ones each time."""

    @field_validator("model", mode="before")
    @classmethod
    def _expand_preset(cls, value: Any) -> Any:
        changes = {"preset": value} if isinstance(value, str) else value
        if not isinstance(changes, dict) or "preset" not in changes:
            return value
        preset = PRESETS.get(str(changes["preset"]))
        if preset is None:
            word = str(changes["preset"])
            raise ValueError(f"no preset {word!r}, the presets are {', '.join(PRESETS)}{did_you_mean(word, PRESETS)}")
        return {**preset.model_dump(), **{key: size for key, size in changes.items() if key != "preset"}}

    @field_validator("stages")
    @classmethod
    def _stage_names_differ(cls, stages: tuple[StagePlan, ...]) -> tuple[StagePlan, ...]:
        names = [stage.name for stage in stages]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two stages are named {name!r}; rename one")
        return stages

    def fingerprint(self, stage: int) -> str:
        """SHA-256 of everything that shaped the parameters up to and including stage number `stage`.

        Later stages, intervals of logging, evaluation and saving, the place of a snapshot and the mesh may change
        between two parts of a run; what is in here may not.
        """
        # Which snapshots and which skipped batches these were is in the lineage.
        left_out: Any = {"snapshot": True, "epochs": True, "skip": True, "mixture": {"__all__": {"snapshot"}}}
        stages = [s.model_dump(mode="json", exclude=left_out) for s in self.stages[: stage + 1]]
        shared = self.model_dump(mode="json", include={"seed", "model", "compute_dtype"})
        return hashlib.sha256(canonical_json({**shared, "stages": stages})).hexdigest()


def load_plan(path: str) -> Plan:
    """Read and validate a plan; errors name the file, the key and the remedy."""
    return load_model(path, Plan)
