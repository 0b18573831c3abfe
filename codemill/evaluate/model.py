"""A model by its place: known at once, loaded when it is needed."""

from __future__ import annotations

import hashlib
from functools import cached_property

import jax

from codemill.lineage import load_run_plan
from evaluation.likelihood import ModelLikelihood
from evaluation.sampling import model as sampling_model
from evaluation.sampling.sampler import Sampler
from evaluation.writer import ModelWriter
from schemas.manifest import PLAN_NAME
from storage.files import exists, join, open_input
from storage.listing import list_files
from trainer.checkpoints.checkpoint import read_checkpoint_lineage

_END = 1 << 20
"""Bytes at each end of a file of weights that stand for it."""


class Model:
    """A model by its place.

    Args:
        path: a run's directory, or one with a Hugging Face CodeGen.
        checkpoint: of a run; the newest if None.
        batch: texts that are continued at once.
    """

    def __init__(self, path: str, checkpoint: int | None, batch: int) -> None:
        self.path = path.rstrip("/")
        self.is_run = exists(join(path, PLAN_NAME))
        self._batch = batch
        self._step = checkpoint
        if self.is_run:
            plan = load_run_plan(path)
            lineage = read_checkpoint_lineage(plan.checkpoint.directory or path, checkpoint)
            # From here on the step is fixed, even if training goes on.
            self._step = lineage.step
            self.identity = {"plan": lineage.plan_fingerprint, "step": lineage.step}
        else:
            if checkpoint is not None or not exists(join(path, "config.json")):
                sampling_model.load_model(path, checkpoint)  # which says what is wrong, before anything is written
            self.identity = {"weights": _weights_digest(path)}

    def default_output(self, benchmark: str) -> str:
        """Where an evaluation goes that was given no place."""
        step = f"-step-{self._step}" if self.is_run else ""
        return join(self.path, "evaluation", f"{benchmark}{step}")

    @cached_property
    def _loaded(self) -> sampling_model.Model:
        return sampling_model.load_model(self.path, self._step)

    @cached_property
    def writer(self) -> ModelWriter:
        """The model as it draws completions."""
        return ModelWriter(Sampler(self._loaded, batch=self._batch))

    @cached_property
    def likelihood(self) -> ModelLikelihood:
        """The model as it measures texts."""
        return ModelLikelihood(self._loaded, "float32" if jax.default_backend() == "cpu" else "bfloat16")


def _weights_digest(directory: str) -> str:
    """SHA-256 over names, sizes and ends of the files of weights: whole ones would take minutes."""
    digest = hashlib.sha256()
    for name, size, _ in sorted(list_files(directory, depth=1)):
        if name.endswith((".safetensors", "config.json")):
            digest.update(f"{name} {size}\n".encode())
            with open_input(join(directory, name)) as file:
                digest.update(file.read_at(min(size, _END), 0))
                digest.update(file.read_at(min(size, _END), max(0, size - _END)))
    return digest.hexdigest()
