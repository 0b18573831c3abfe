"""Checkpoints through Orbax: sharded, written in the background, read again, and only then others removed.

What Orbax calls finished has a commit marker: locally the directory is renamed into place after the last byte, on gs://
the file `commit_success.txt` comes last. What has none is passed over by readers and removed when a run goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple

import jax
import orbax.checkpoint as ocp

from schemas.errors import CheckFailed, CodemillError
from schemas.model_config import ModelConfig
from schemas.plan import CheckpointConfig
from storage.files import exists, is_remote, join, make_directory
from storage.uris import local_path
from trainer.checkpoints.checksum import Checksums, checksums
from trainer.checkpoints.lineage import Lineage, read_lineage
from trainer.checkpoints.quiet import libraries_quiet
from trainer.checkpoints.read_back import REMEDY, check_written
from trainer.checkpoints.retention import remove, superseded
from trainer.checkpoints.save_barrier import SaveBarrier, cannot_write
from trainer.mesh import abstract
from trainer.model.parameters import Parameters, initial_parameters
from trainer.processes.group import barrier
from trainer.step import TrainState

DIRECTORY = "checkpoints"
"""Where a run keeps them, unless its plan says otherwise."""
ITEMS = ("params", "moments", "lineage", "checksums")


class _Saving(NamedTuple):
    """A checkpoint on its way."""

    step: int
    arrays: dict[str, Checksums]
    lineage: dict[str, Any]


class Checkpoints:
    """The checkpoints of one run, numbered by steps over all stages.

    A save goes on in the background: each process writes its part, Orbax marks the whole as finished, process 0 reads
    it again and only then removes those that it supersedes. `poll` after each step brings errors of that to light.
    """

    def __init__(
        self,
        directory: str,
        manager: Any,
        failures: SaveBarrier,
        config: CheckpointConfig,
        stage_ends: Collection[int],
    ) -> None:
        self._directory = directory
        self._manager = manager
        self._failures = failures
        self._config = config
        self._stage_ends = frozenset(stage_ends)
        self._steps = set(manager.all_steps())
        self._saved_at = time.monotonic()
        self._saving: _Saving | None = None
        self._reading: Future[None] | None = None
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read back")

    def latest(self) -> int | None:
        """Step of the newest finished checkpoint; None if there is none."""
        return max(self._steps, default=None)

    def save(self, state: TrainState, lineage: Lineage) -> None:
        """Copy the state off the devices and write it in the background.

        Raises:
            CheckFailed: a process did not come; or this or the save before cannot be written or read back.
        """
        self.finish()
        barrier(f"save step {lineage.step}", self._config.timeout_seconds)
        arrays = {"params": checksums(state.params), "moments": checksums(state.moments)}
        self._saved_at = time.monotonic()
        self._saving = _Saving(lineage.step, arrays, lineage.model_dump(mode="json"))
        with self._explained():
            self._manager.save(
                lineage.step,
                args=ocp.args.Composite(
                    params=ocp.args.StandardSave(state.params),
                    moments=ocp.args.StandardSave(state.moments),
                    lineage=ocp.args.JsonSave(self._saving.lineage),
                    checksums=ocp.args.JsonSave(arrays),
                ),
            )

    def poll(self) -> None:
        """Look, without waiting, how the last save goes; raises as `finish`."""
        if self._saving is None:
            return
        if self._failures.failure is not None:
            raise cannot_write(self.place(self._saving.step), self._failures.failure)
        if self._reading is None and not self._manager.is_saving_in_progress():
            self._written()
        if self._reading is not None and self._reading.done():
            self._read()

    def finish(self) -> None:
        """Wait until the last save is written and, in process 0, read again.

        Raises:
            CheckFailed: one of both failed; the checkpoint before still loads.
        """
        if self._saving is not None:
            if self._reading is None:
                self._written()
            self._read()

    def prune(self) -> None:
        """Remove the checkpoints that newer ones supersede, in process 0; for a run that goes on from the newest."""
        if jax.process_index() == 0:
            config = self._config
            for step in superseded(self._steps, config.keep, config.every_steps, self._stage_ends):
                remove(self.place(step))
                self._steps.discard(step)

    def due(self) -> bool:
        """Whether it has been longer than the plan wants since the last save began, or since the run did."""
        minutes = self._config.every_minutes
        return minutes is not None and time.monotonic() - self._saved_at >= 60 * minutes

    def lineage(self, step: int) -> Lineage:
        """The lineage of one checkpoint; raises CheckFailed if it is damaged."""
        return read_lineage(self._restore(step, lineage=ocp.args.JsonRestore())["lineage"], self.place(step))

    def restore(self, step: int, like: TrainState) -> TrainState:
        """One checkpoint's arrays.

        Args:
            step: which checkpoint.
            like: shapes, types and shardings to give them; the mesh may differ from the one that saved.

        Raises:
            CheckFailed: an array is missing, damaged or of another shape, or its bytes are not those that were saved.
        """
        restored = self._restore(
            step, params=ocp.args.StandardRestore(like.params), moments=ocp.args.StandardRestore(like.moments)
        )
        self._check(step, restored)
        return like._replace(params=restored["params"], moments=restored["moments"])

    def restore_parameters(self, step: int, config: ModelConfig) -> Parameters:
        """One checkpoint's weights alone, on the first device of this process; raises as `restore`."""
        shapes = jax.eval_shape(lambda: initial_parameters(config, seed=0))
        device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        like = abstract(shapes, dict.fromkeys(shapes, device))
        restored = self._restore(step, params=ocp.args.StandardRestore(like))
        self._check(step, restored)
        params: Parameters = restored["params"]
        return params

    def place(self, step: int) -> str:
        """Directory of one checkpoint, for messages."""
        return join(self._directory, str(step))

    def _written(self) -> None:
        """Wait for the writing of the last save, and begin to read it again."""
        assert self._saving is not None
        with self._explained():
            self._manager.wait_until_finished()
        self._reading = self._reader.submit(self._read_back, self._saving)

    def _read_back(self, saving: _Saving) -> None:
        if jax.process_index() == 0:
            full = self._config.read_back == "full" or saving.step in self._stage_ends
            texts = {"lineage": saving.lineage, "checksums": saving.arrays}
            check_written(self.place(saving.step), saving.arrays, texts, full=full)

    def _read(self) -> None:
        """Wait for the reading of the last save, and remove what it supersedes."""
        assert self._saving is not None and self._reading is not None
        saving, reading, self._saving, self._reading = self._saving, self._reading, None, None
        reading.result()
        self._steps.add(saving.step)
        self.prune()

    def _restore(self, step: int, **parts: Any) -> Any:
        try:
            return self._manager.restore(step, args=ocp.args.Composite(**parts))
        except (ValueError, KeyError, OSError) as error:
            raise CheckFailed(
                f"{self.place(step)}: cannot be restored ({str(error).splitlines()[0][:200]})", REMEDY
            ) from error

    def _check(self, step: int, restored: Any) -> None:
        """Hold arrays against the checksums that were taken when they were saved."""
        if not exists(join(self.place(step), "checksums")):
            return  # saved before there were any
        expected = self._restore(step, checksums=ocp.args.JsonRestore())["checksums"]
        for item, tree in restored.items():
            for name, checksum in checksums(tree).items():
                if expected[item].get(name) != checksum:
                    raise CheckFailed(
                        f"{self.place(step)}: the bytes of {item}/{name} are not those that were saved", REMEDY
                    )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of writing, in one line."""
        assert self._saving is not None
        try:
            yield
        except CodemillError:
            raise
        except Exception as error:
            raise cannot_write(self.place(self._saving.step), error) from error


@contextmanager
def open_checkpoints(directory: str, config: CheckpointConfig, stage_ends: Collection[int]) -> Iterator[Checkpoints]:
    """Open or begin a run's checkpoints; on leaving, wait until the last one is written and read back.

    Args:
        directory: local or gs://.
        config: how often, how many, how careful.
        stage_ends: steps whose checkpoints always stay.
    """
    if jax.process_index() == 0:
        make_directory(directory)
    barrier("checkpoint directory", config.timeout_seconds)
    failures = SaveBarrier()
    options = ocp.CheckpointManagerOptions(
        create=False,
        enable_async_checkpointing=True,
        cleanup_tmp_directories=True,
        async_options=ocp.options.AsyncOptions(timeout_secs=int(config.timeout_seconds) + 1, barrier_sync_fn=failures),
        # Named, or else Orbax waits for the others by a computation on all devices, in threads too, without a limit.
        multiprocessing_options=ocp.options.MultiprocessingOptions(
            active_processes=set(range(jax.process_count())) if jax.process_count() > 1 else None
        ),
    )
    with libraries_quiet():
        manager = _manager(directory, options)
        checkpoints = Checkpoints(directory, manager, failures, config, stage_ends)
        try:
            yield checkpoints
            checkpoints.finish()
        except BaseException:
            # What was begun may still be finished, but not with others that may be gone, and not to hide this error.
            if jax.process_count() == 1:
                with suppress(Exception):
                    manager.close()
            raise
        manager.close()


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
        with closing(_manager(place, ocp.CheckpointManagerOptions(create=False))) as manager:
            found = sorted(manager.all_steps())
            if found and (step is None or step in found):
                checkpoints = Checkpoints(place, manager, SaveBarrier(), CheckpointConfig(), ())
                yield checkpoints, found[-1] if step is None else step
                return
    if not found:
        raise CodemillError(f"{place}: holds no checkpoint", "name a directory that `codemill train` wrote")
    raise CodemillError(f"{place}: no checkpoint at step {step}", f"there are {', '.join(map(str, found))}")


def _manager(directory: str, options: ocp.CheckpointManagerOptions) -> Any:
    place = directory if is_remote(directory) else os.path.abspath(local_path(directory))
    return ocp.CheckpointManager(place, options=options, item_names=ITEMS)
