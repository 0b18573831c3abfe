"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Something is not there that not everybody needs."""
    WARNING = "warning"
    """A build or training may go badly, or a part of codemill cannot be used."""
    BROKEN = "broken"
    """A build or training cannot go well."""


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    check: str
    """What was looked at."""
    status: Status
    what: str
    """What was seen."""
    remedy: str = ""
    """What to do about it, where there is something to do."""


def ok(check: str, what: str) -> Finding:
    """All is well."""
    return Finding(check, Status.OK, what)


def note(check: str, what: str, remedy: str = "") -> Finding:
    """Something optional is missing."""
    return Finding(check, Status.NOTE, what, remedy)


def warning(check: str, what: str, remedy: str) -> Finding:
    """Something may go badly."""
    return Finding(check, Status.WARNING, what, remedy)


def broken(check: str, what: str, remedy: str) -> Finding:
    """Something cannot go well."""
    return Finding(check, Status.BROKEN, what, remedy)
