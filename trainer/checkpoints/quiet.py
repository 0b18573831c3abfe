"""Keeps libraries from printing tracebacks of errors that they raise as well."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def libraries_quiet() -> Iterator[None]:
    """Within this block Orbax and its asyncio tasks log nothing, and TensorStore does not complain of a save that
    ended before it.

    If the block fails it stays so, since their threads may be late to notice; the process is about to end then.
    """
    loggers = [logging.getLogger(name) for name in ("absl", "asyncio")]
    levels, hook = [logger.level for logger in loggers], sys.unraisablehook

    def without_late_answers(caught: sys.UnraisableHookArgs) -> None:
        if str(caught.exc_value) != "Event loop is closed":
            hook(caught)

    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    sys.unraisablehook = without_late_answers
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    sys.unraisablehook = hook
