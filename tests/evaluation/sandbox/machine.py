"""What a test sees of this machine's processes, and whether a sandbox can be had on it."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import pytest

from evaluation.sandbox.strength import require_strength
from schemas.errors import CodemillError


def need_a_sandbox() -> None:
    """Skip the module, with the reason, where the kernel or the container offers none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of layers that a sandbox can do without; told once
            require_strength()
    except CodemillError as error:
        pytest.skip(str(error), allow_module_level=True)


def descendants(root: int | None = None) -> set[int]:
    """Processes that descend from `root`, by default from this one; zombies are left out."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                children.setdefault(int(parent), []).append(int(entry.name))
    found: set[int] = set()
    parents = [root or os.getpid()]
    while parents:
        of_parent = children.get(parents.pop(), [])
        found.update(of_parent)
        parents += of_parent
    return found


def gone_soon(processes: set[int], seconds: float = 10.0) -> bool:
    """Whether all of them end in that time."""
    deadline = time.monotonic() + seconds
    while any(Path(f"/proc/{process}").exists() for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
