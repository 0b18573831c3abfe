"""Beam's Prism, an engine of its own in one Go program, in the version of the installed Beam."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

MODULE = "github.com/apache/beam/sdks/v2/go/cmd/prism"


def build_prism(directory: Path) -> Path | None:
    """Compile Prism into a directory unless it is there, which takes about a minute; None where there is no Go.

    Raises:
        CalledProcessError: the modules cannot be fetched or compiled.
    """
    program = directory / f"prism-{version('apache-beam')}"
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GOBIN": str(directory.resolve()), "GOFLAGS": ""}
    subprocess.run([go, "install", f"{MODULE}@v{version('apache-beam')}"], env=environment, check=True)
    (directory / "prism").replace(program)
    return program


def prism_options(program: Path) -> list[str]:
    """Beam options that run a job on it, with workers in the launching process unless more is said."""
    return ["--runner=PrismRunner", f"--prism_location={program}", "--prism_log_level=error"]
