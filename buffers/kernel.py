"""The one way functions are compiled here: numba, cached on disk, without the interpreter lock.

Numba keys its disk cache by the file of the compiled function alone. A kernel inlines what it calls from
other files, so after an upgrade of such a file a cached kernel would go on computing with the old one and
change a build's bytes. Here the cache directory is therefore named by a digest over the kernel's whole room,
over `buffers`, and over the processor it was compiled for (machines of several kinds may share one
directory). A kernel may call kernels of its own room and of `buffers` only.
"""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import binding  # type: ignore[import-untyped]
from numba.extending import intrinsic as numba_intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

config: Any = numba.config
_BUFFERS = Path(__file__).parent


@cache
def _target() -> str:
    """The processor that numba compiles for, with its features."""
    name = config.CPU_NAME or binding.get_host_cpu_name()
    features = config.CPU_FEATURES
    if features is None:
        features = "" if config.CPU_NAME else binding.get_host_cpu_features().flatten()
    return f"{name} {features}"


@cache
def _cache_name(room: Path) -> str:
    digest = hashlib.blake2b(_target().encode(), digest_size=8)
    for folder in (_BUFFERS, room):
        for path in sorted(folder.rglob("*.py")):
            source = path.read_bytes()
            digest.update(f"\n{path.relative_to(folder).as_posix()} {len(source)}\n".encode())
            digest.update(source)
    return f"kernels-{digest.hexdigest()}"


def cache_directory(room: Path) -> Path:
    """Where the compiled kernels of a room are kept.

    Args:
        room: the room's directory.

    Returns:
        A directory under NUMBA_CACHE_DIR where that is set, else under the room's `__pycache__`; where that
        cannot be written, numba falls back to its own choice.
    """
    base = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(base) if base else room / "__pycache__") / _cache_name(room)


def _room_of(file: Path) -> Path:
    """The outermost package that holds a file: kernels are compiled with those that they call, from all of a room."""
    folder = file.parent
    while (folder.parent / "__init__.py").exists():
        folder = folder.parent
    return folder


def kernel(function: Function) -> Function:
    """Compile a function on its first call and keep the machine code on disk.

    The compiled function releases the interpreter lock, does no bounds checks and no fast-math.
    """
    room = _room_of(Path(inspect.getfile(function)).resolve())
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_directory(room))  # read by numba while it decorates
    try:
        return cast(Function, numba.njit(cache=True, nogil=True)(function))
    finally:
        config.CACHE_DIR = before


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare a function that writes LLVM instructions into the kernels that call it."""
    return cast(Callable[..., Any], numba_intrinsic(function))
