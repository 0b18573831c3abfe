"""A block of work that several processes do together, and how one of them leaves when it fails."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import jax

from codemill.screen.failure import tell_failure
from schemas.errors import CheckFailed
from trainer.processes.group import is_first, join_processes, leave_processes, me

LAST_WORDS_SECONDS = 2.0
"""What process 0 leaves the others to fail in their own words: without its coordination service they are aborted."""


@contextmanager
def joined(number: int | None, index: int | None, coordinator: str | None) -> Iterator[None]:
    """Within this block the process is one of several; arguments and errors as in `join_processes`.

    One that fails says why and is gone at once. An orderly end would wait for the others, who wait for it in a step;
    without it their step, or JAX's heartbeat after 100 s, fails, and they end too.
    """
    join_processes(number, index, coordinator)
    try:
        yield
        leave_processes()
    except BaseException as error:
        if not jax.distributed.is_initialized():
            raise
        _leave_at_once(error)


def _leave_at_once(error: BaseException) -> None:
    if isinstance(error, jax.errors.JaxRuntimeError):
        first = str(error).splitlines()[0][:300]
        error = CheckFailed(
            f"a step failed in {me()} ({first}); another process may be gone",
            "look at the other processes' output for the cause; the same command goes on from the last checkpoint",
        )
    status = tell_failure(error)
    if status is None:
        traceback.print_exception(error)
    if is_first():
        time.sleep(LAST_WORDS_SECONDS)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if status is None else status)
