"""The hash of our own source code, so that a pass is repeated when the code that makes it changes."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path


@functools.cache
def code_hash(*rooms: str) -> str:
    """SHA-256 over the sources of the named rooms (packages or modules), in name order."""
    digest = hashlib.sha256()
    for room in sorted(rooms):
        spec = importlib.util.find_spec(room)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(room)
        origin = Path(spec.origin)
        files = sorted(origin.parent.rglob("*")) if origin.name == "__init__.py" else [origin]
        for file in files:
            if file.suffix in {".py", ".txt", ".yaml"}:
                name = file.relative_to(origin.parent).as_posix()
                content = file.read_bytes()
                digest.update(f"{room}/{name}:{len(content)}:".encode())
                digest.update(content)
    return digest.hexdigest()
