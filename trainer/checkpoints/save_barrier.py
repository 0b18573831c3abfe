"""Where Orbax's threads of several processes wait for each other, and where an error of one of them shows at once."""

from __future__ import annotations

import sys
import threading

from schemas.errors import CodemillError
from trainer.processes.group import barrier


class SaveBarrier:
    """A barrier with a time limit that names who is missing, given to Orbax in place of its own.

    Where a save fails in one process, Orbax's thread keeps the error and first waits for the other processes, which in
    turn wait for this one's part: nobody would hear of it before the time is up.
    """

    def __init__(self) -> None:
        self._owner = threading.get_ident()
        self.failure: BaseException | None = None
        """What ended the last save in the background."""

    def __call__(self, *, key: str, timeout_ms: int) -> None:
        """Wait for the others; raise what the calling thread is just failing with, instead of waiting with it."""
        error = sys.exc_info()[1]
        if error is not None and threading.get_ident() != self._owner:
            self.failure = error
            raise error
        barrier(f"checkpoint {key}", timeout_ms / 1000)


def cannot_write(place: str, error: BaseException) -> CodemillError:
    """What to say about an error of a save."""
    if isinstance(error, CodemillError):
        return error
    reason = (str(error) or type(error).__name__).splitlines()[0]
    if len(reason) > 240:  # what the file system said comes last
        reason = f"{reason[:80]} ... {reason[-150:]}"
    return CodemillError(
        f"{place}: cannot be written ({reason})",
        "make room there, or give the plan another `checkpoint.directory`; the same command goes on from the "
        "checkpoint before",
    )
