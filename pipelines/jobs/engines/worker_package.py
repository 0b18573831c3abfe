"""The package that an engine's workers install: the code of this checkout, and the libraries as they are here."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import tomllib
from importlib.metadata import version
from pathlib import Path

PROJECT = "pyproject.toml"
BESIDES = ("setup.py", "README.md", "LICENSE")
ROOT = Path(__file__).parents[3]


def is_checkout(root: Path = ROOT) -> bool:
    """Whether these packages lie in a checkout, from which a package can be made."""
    return (root / PROJECT).is_file() and (root / "setup.py").is_file()


def source_package(root: Path = ROOT) -> tuple[str, bytes]:
    """A source distribution, as (file name, content).

    What the project depends on is pinned to what runs here: another pyarrow would write other bytes.
    """
    text = (root / PROJECT).read_text(encoding="utf-8")
    project = tomllib.loads(text)
    name = f"{project['project']['name']}-{project['project']['version']}"
    content = io.BytesIO()
    # No clock, user or umask goes in: the same code is the same package.
    with gzip.GzipFile(fileobj=content, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        _add(tar, f"{name}/{PROJECT}", pinned(text).encode())
        for file in (root / besides for besides in BESIDES):
            _add(tar, f"{name}/{file.name}", file.read_bytes())
        for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]:
            for room in sorted(root.glob(pattern)):
                if room.suffix != ".egg-info":
                    for file in sorted(room.rglob("*")):
                        if file.is_file() and "__pycache__" not in file.parts:
                            _add(tar, f"{name}/{file.relative_to(root).as_posix()}", file.read_bytes())
    return f"{name}.tar.gz", content.getvalue()


def pinned(text: str) -> str:
    """A pyproject.toml whose dependencies are those installed here, to the very version."""
    for requirement in tomllib.loads(text)["project"]["dependencies"]:
        named = re.match(r"([\w.-]+)(\[[\w,.-]+\])?", requirement)
        assert named is not None
        text = text.replace(f'"{requirement}"', f'"{named[0]}=={version(named[1])}"')
    return text


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    tar.addfile(entry, io.BytesIO(content))
