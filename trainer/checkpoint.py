"""Checkpoints through Orbax: sharded, written in the background, the last few kept and every stage's end for good."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import orbax.checkpoint as ocp
from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, CustomSteps, LatestN

from schemas.errors import CheckFailed, CodemillError
from schemas.model_config import ModelConfig
from storage.files import exists, is_remote, join
from storage.uris import local_path
from trainer.lineage import Lineage, read_lineage
from trainer.mesh import abstract
from trainer.parameters import Parameters, initial_parameters
from trainer.step import TrainState

DIRECTORY = "checkpoints"
"""Where a run keeps them, unless its plan says otherwise."""


class Checkpoints:
    """The checkpoints of one run, numbered by steps over all stages."""

    def __init__(self, directory: str, manager: Any) -> None:
        self._directory = directory
        self._manager = manager

    def latest(self) -> int | None:
        """Step of the newest finished checkpoint; None if there is none."""
        step: int | None = self._manager.latest_step()
        return step

    def save(self, state: TrainState, lineage: Lineage) -> None:
        """Copy the state off the devices and write it in the background."""
        self._manager.save(
            lineage.step,
            args=ocp.args.Composite(
                params=ocp.args.StandardSave(state.params),
                moments=ocp.args.StandardSave(state.moments),
                lineage=ocp.args.JsonSave(lineage.model_dump(mode="json")),
            ),
        )

    def lineage(self, step: int) -> Lineage:
        """The lineage of one checkpoint; raises CheckFailed if it is damaged."""
        return read_lineage(self._restore(step, lineage=ocp.args.JsonRestore())["lineage"], self.place(step))

    def restore(self, step: int, like: TrainState) -> TrainState:
        """One checkpoint's arrays.

        Args:
            step: which checkpoint.
            like: shapes, types and shardings to give them; the mesh may differ from the one that saved.

        Raises:
            CheckFailed: an array is missing, damaged or of another shape.
        """
        restored = self._restore(
            step, params=ocp.args.StandardRestore(like.params), moments=ocp.args.StandardRestore(like.moments)
        )
        return like._replace(params=restored["params"], moments=restored["moments"])

    def restore_parameters(self, step: int, config: ModelConfig) -> Parameters:
        """One checkpoint's weights alone, on the first device of this process."""
        shapes = jax.eval_shape(lambda: initial_parameters(config, seed=0))
        device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        like = abstract(shapes, dict.fromkeys(shapes, device))
        params: Parameters = self._restore(step, params=ocp.args.StandardRestore(like))["params"]
        return params

    def place(self, step: int) -> str:
        """Directory of one checkpoint, for messages."""
        return join(self._directory, str(step))

    def _restore(self, step: int, **parts: Any) -> Any:
        try:
            return self._manager.restore(step, args=ocp.args.Composite(**parts))
        except (ValueError, KeyError, OSError) as error:
            raise CheckFailed(
                f"{self.place(step)}: cannot be restored ({str(error).splitlines()[0][:200]})",
                "delete this checkpoint's directory; training goes on from the one before",
            ) from error


@contextmanager
def open_checkpoints(directory: str, keep: int, stage_ends: list[int]) -> Iterator[Checkpoints]:
    """Open or begin a run's checkpoints; on leaving, wait until the last one is written.

    Args:
        directory: local or gs://.
        keep: how many of the latest stay.
        stage_ends: steps whose checkpoints always stay.
    """
    options = ocp.CheckpointManagerOptions(
        preservation_policy=AnyPreservationPolicy([LatestN(keep), CustomSteps(stage_ends)]),
        enable_async_checkpointing=True,
        cleanup_tmp_directories=True,
    )
    with _manager(directory, options) as manager:
        yield Checkpoints(directory, manager)


def load_checkpoint(directory: str, step: int | None = None) -> tuple[ModelConfig, Parameters, Lineage]:
    """The weights of a run, for export and sampling.

    Args:
        directory: a run's directory, or the directory of its checkpoints.
        step: which checkpoint, counted over all stages; the newest if None.

    Raises:
        CodemillError: there is no such checkpoint.
        CheckFailed: it is damaged.
    """
    with _checkpoint(directory, step) as (checkpoints, found):
        lineage = checkpoints.lineage(found)
        return lineage.model, checkpoints.restore_parameters(found, lineage.model), lineage


def read_checkpoint_lineage(directory: str, step: int | None = None) -> Lineage:
    """The lineage alone; arguments and errors as in `load_checkpoint`."""
    with _checkpoint(directory, step) as (checkpoints, found):
        return checkpoints.lineage(found)


@contextmanager
def _checkpoint(directory: str, step: int | None) -> Iterator[tuple[Checkpoints, int]]:
    inside = join(directory, DIRECTORY)
    place = inside if exists(inside) else directory
    found: list[int] = []
    if exists(place):
        options = ocp.CheckpointManagerOptions(create=False)
        with _manager(place, options) as manager:
            found = sorted(manager.all_steps())
            if found and (step is None or step in found):
                yield Checkpoints(place, manager), found[-1] if step is None else step
                return
    if not found:
        raise CodemillError(f"{place}: holds no checkpoint", "name a directory that `codemill train` wrote")
    raise CodemillError(f"{place}: no checkpoint at step {step}", f"there are {', '.join(map(str, found))}")


@contextmanager
def _manager(directory: str, options: ocp.CheckpointManagerOptions) -> Iterator[Any]:
    place = directory if is_remote(directory) else os.path.abspath(local_path(directory))
    items = ("params", "moments", "lineage")
    with ocp.CheckpointManager(place, options=options, item_names=items) as manager:
        yield manager
