"""The plan: one YAML file that names the training stages, their snapshots and their schedules."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.manifest import canonical_json
from schemas.model_config import PRESETS, ModelConfig
from schemas.yaml_file import load_model

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


class StagePlan(_Frozen):
    """One training stage; it starts from the weights of the stage before."""

    name: str = Field(pattern=_NAME)
    snapshot: str
    """Directory of a finished snapshot, local or gs://."""
    dataset: str = ""
    """The stage inside the snapshot; left out, the one of this stage's name."""
    digest: str | None = None
    """The snapshot's digest; training refuses a snapshot that has another."""
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
    keep: int = Field(default=3, gt=0)


class Plan(_Frozen):
    """A whole training run: a model and the stages it learns in."""

    name: str = Field(pattern=_NAME)
    seed: int = Field(default=42, ge=0, lt=2**32)
    model: ModelConfig
    """A preset's name, or explicit sizes, or `preset:` with sizes to change."""
    mesh: MeshConfig = MeshConfig()
    compute_dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 on accelerators, float32 on CPU. Weights and moments are float32 always."""
    rematerialise: bool = True
    """Recompute each layer in the backward pass: less memory, about a third more work."""
    stages: tuple[StagePlan, ...] = Field(min_length=1)
    checkpoint: CheckpointConfig = CheckpointConfig()
    log_every: int = Field(default=10, gt=0)
    evaluate_every: int = Field(default=1000, gt=0)
    evaluation_sequences: int = Field(default=64, gt=0)
    """Held-out sequences per stage and language, the same ones each time."""

    @field_validator("model", mode="before")
    @classmethod
    def _expand_preset(cls, value: Any) -> Any:
        changes = {"preset": value} if isinstance(value, str) else value
        if not isinstance(changes, dict) or "preset" not in changes:
            return value
        preset = PRESETS.get(changes["preset"])
        if preset is None:
            raise ValueError(f"no preset {changes['preset']!r}; the presets are {', '.join(PRESETS)}")
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
        stages = [s.model_dump(mode="json", exclude={"snapshot", "epochs"}) for s in self.stages[: stage + 1]]
        shared = self.model_dump(mode="json", include={"seed", "model", "compute_dtype"})
        return hashlib.sha256(canonical_json({**shared, "stages": stages})).hexdigest()


def load_plan(path: str) -> Plan:
    """Read and validate a plan; errors name the file, the key and the remedy."""
    return load_model(path, Plan)
