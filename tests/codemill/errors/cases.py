"""The mistakes that are tried, read from cases.yaml: how to make each, the command, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml

CASES = Path(__file__).with_name("cases.yaml")


class Case(NamedTuple):
    """One mistake."""

    group: str
    mistake: str
    """In words, for the page."""
    command: str
    """What follows `codemill`, run where `arrange` has put its files."""
    arrange: str
    """A function of arrange.py, and words for it; nothing if there is nothing to put there."""
    says: tuple[str, ...]
    """All of standard error."""
    status: int


class Said(NamedTuple):
    """How a command ended."""

    status: int
    lines: list[str]
    """Of standard error."""
    left: set[str]
    """Files and directories that were not there before."""


Say = Callable[[str, str], Said]
"""Arranges a directory, runs a command line in it, and tells how that ended."""


def load_cases() -> list[Case]:
    """All cases in the order of the page."""
    return [
        Case(
            group=group["group"],
            mistake=case["mistake"],
            command=case["command"],
            arrange=case.get("arrange", ""),
            says=tuple(case["says"]),
            status=case.get("status", 2),
        )
        for group in yaml.safe_load(CASES.read_text(encoding="utf-8"))
        for case in group["cases"]
    ]
