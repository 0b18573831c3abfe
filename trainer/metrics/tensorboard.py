"""The run's figures as TensorBoard's event files."""

from __future__ import annotations

from typing import Any

from schemas.errors import CodemillError
from storage.files import join

DIRECTORY = "tensorboard"


class Events:
    """Writes scalars by their step over all stages.

    Args:
        directory: of the run, local or gs://.
        after: what an earlier part of the run wrote of later steps is to be left out by the viewer.

    Raises:
        CodemillError: the library is not installed.
    """

    def __init__(self, directory: str, after: int) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise CodemillError(
                "the plan asks for TensorBoard's files, but tensorboardX is not installed",
                "pip install 'codemill[tensorboard]', or leave `tensorboard` out of the plan",
            ) from None
        self._writer: Any = SummaryWriter(join(directory, DIRECTORY), purge_step=after + 1)

    def add(self, step: int, values: dict[str, float | None]) -> None:
        """Add the values that there are."""
        for name, value in values.items():
            if value is not None:
                self._writer.add_scalar(name, value, step)

    def flush(self) -> None:
        """Make what was added visible."""
        self._writer.flush()
