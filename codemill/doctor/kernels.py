"""The compiled kernels: does numba compile here, and can it keep what it compiled."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codemill.doctor.finding import Finding, broken, ok, warning

_ROOMS = ("buffers", "dedup", "filtering", "tokenization")


def compiles() -> Iterator[Finding]:
    """Whether a small function is compiled and gives the right answer."""
    import numba

    def add(left: int, right: int) -> int:
        return left + right

    try:
        compiled: Any = numba.njit(add)
        answer = compiled(40, 2)
    except Exception as error:  # LLVM's own troubles have no type in common
        words = (str(error).splitlines() or [type(error).__name__])[0][:200]
        yield broken("kernels", f"numba compiles nothing: {words}", "pip install --force-reinstall numba llvmlite")
        return
    if answer == 42:
        yield ok("kernels", f"numba {numba.__version__} compiles")
    else:
        yield broken("kernels", f"numba compiles 40 + 2 to {answer}", "pip install --force-reinstall numba llvmlite")


def kept(folders: Sequence[Path] | None = None) -> Iterator[Finding]:
    """Whether compiled kernels can be kept on disk; without that each process compiles them anew."""
    from buffers.kernel import cache_directory

    if folders is None:
        folders = [cache_directory(Path(str(importlib.import_module(room).__file__)).parent) for room in _ROOMS]
    refused = [str(folder) for folder in folders if not can_write(folder)]
    if refused:
        yield warning(
            "kernels",
            f"compiled kernels cannot be kept in {refused[0]}: every process may compile for half a minute",
            "name a folder that can be written to in the environment variable NUMBA_CACHE_DIR",
        )
    else:
        yield ok("kernels", "what is compiled can be kept")


def can_write(folder: Path) -> bool:
    """Whether a file can be made in a folder, or where it would be made, in the nearest one above that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        descriptor, name = tempfile.mkstemp(prefix=".codemill-tmp-", dir=folder)
    except OSError:
        return False
    os.close(descriptor)
    os.unlink(name)
    return True
