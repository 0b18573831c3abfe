"""What a failing command says: one line and its remedy, never a traceback, and the exit status that goes with it."""

from __future__ import annotations

import sys

from schemas.errors import CodemillError
from storage.errors import StorageError

INTERRUPTED = 130
"""The exit status of a command that was ended by Ctrl-C or SIGTERM."""


def tell_failure(error: BaseException) -> int | None:
    """Print an error that is meant for people.

    Returns:
        The exit status; None for an error that is not meant for people, of which nothing was printed.
    """
    if isinstance(error, CodemillError):
        print(f"codemill: error: {error.message}", file=sys.stderr)
        if error.remedy:
            print(f"codemill: remedy: {error.remedy}", file=sys.stderr)
        return error.status
    if isinstance(error, StorageError):
        print(f"codemill: error: {error}", file=sys.stderr)
        return 2
    if isinstance(error, KeyboardInterrupt):
        print("codemill: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    return None
