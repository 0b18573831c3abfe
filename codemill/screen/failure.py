"""What a failing command says: one line and its remedy, never a traceback, and the exit status that goes with it."""

from __future__ import annotations

import sys
import tempfile
import traceback
from typing import Any

from codemill.screen.usage import as_codemill_error, is_usage_error
from schemas.errors import CodemillError
from schemas.names import printable
from storage.errors import StorageError, explained

INTERRUPTED = 130
"""The exit status of a command that was ended by Ctrl-C or SIGTERM."""


def tell_failure(error: BaseException) -> int | None:
    """Print an error that is meant for people.

    Returns:
        The exit status; None for an error that is not meant for people, of which nothing was printed.
    """
    if isinstance(error, CodemillError):
        _say(error.message, error.remedy)
        return error.status
    if isinstance(error, StorageError):
        _say(error.message, error.remedy)
        return 2
    if isinstance(error, OSError) and isinstance(error.filename, str):  # met by a library, which opens files itself
        return tell_failure(explained(error.filename, "read or write", error))
    if is_usage_error(error):
        return _tell_usage(error)
    if isinstance(error, KeyboardInterrupt):
        print("codemill: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    return None


def tell_fault(error: BaseException) -> int:
    """Print an error that nobody has foreseen, and where its traceback is; the exit status."""
    with tempfile.NamedTemporaryFile("w", prefix="codemill-traceback-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    lines = str(error).strip().splitlines() or [""]
    # What a worker raised comes as its whole traceback, of which the last line says what it is.
    words = lines[-1 if lines[0].startswith("Traceback") else 0][:200]
    _say(
        f"this is a fault of codemill's own: {type(error).__name__}: {words}",
        f"report it with the command and with {file.name}, which holds the traceback",
    )
    return 1


def _tell_usage(error: Any) -> int:
    told = as_codemill_error(error)
    if told is None:
        error.show()
    else:
        _say(told.message, told.remedy)
    return 2


def _say(message: str, remedy: str) -> None:
    print(f"codemill: error: {printable(message)}", file=sys.stderr)
    if remedy:
        print(f"codemill: remedy: {printable(remedy)}", file=sys.stderr)
