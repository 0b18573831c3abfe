"""A worker's exception as the error that it was: Beam hands on its traceback as text, with a remark in the message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.errors import CodemillError
from storage.errors import StorageError

_LINE = re.compile(r"^([\w.]+): (.*?) \[while running '[^']*'\](?:; (.*))?$", re.MULTILINE)
"""The last line of a traceback; Beam puts its remark behind the first argument of an exception, the message."""


def error_in(text: str) -> CodemillError | StorageError | None:
    """The error that a traceback's text ends in; None for one that was not written for people."""
    known = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in _with_subclasses(CodemillError, StorageError)}
    for name, message, remedy in reversed(_LINE.findall(text)):
        kind = known.get(name)
        if kind is not None:
            return kind(message, remedy)
    return None


def last_line(text: str) -> str:
    """What comes last, where the reason is."""
    return (text.strip().splitlines() or [""])[-1]


def _with_subclasses(*kinds: type[CodemillError | StorageError]) -> Iterator[type[CodemillError | StorageError]]:
    for kind in kinds:
        yield kind
        yield from _with_subclasses(*kind.__subclasses__())
