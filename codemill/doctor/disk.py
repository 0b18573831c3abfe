"""Disks: the directory for temporary files, and room for a build's output."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codemill.doctor.finding import Finding, broken, ok, warning
from codemill.doctor.kernels import can_write
from codemill.initial.words import size_words

TEMPORARY_BYTES = 2_000_000_000
OUTPUT_FACTOR = 1.5
"""Bytes of snapshot and work directory for a byte of text; measured are 1.26 to 1.53 (docs/estimating.md)."""


def temporary(folder: Path | None = None, free: int | None = None) -> Iterator[Finding]:
    """Whether temporary files can be written, and programs among them run."""
    try:
        place = folder or Path(tempfile.gettempdir())
    except OSError:
        yield broken("temporary files", "no directory for them can be written to", "name one in TMPDIR")
        return
    if not can_write(place):
        yield broken("temporary files", f"{place} cannot be written to", "name another directory in TMPDIR")
        return
    room = shutil.disk_usage(place).free if free is None else free
    if not _can_run(place):
        yield warning(
            "temporary files",
            f"no program can be run in {place}, as compilers and drivers may want to",
            "name a directory in TMPDIR that is not mounted with noexec",
        )
    if room < TEMPORARY_BYTES:
        yield warning(
            "temporary files",
            f"{size_words(room)} free in {place}",
            f"free some, or name another directory in TMPDIR; {size_words(TEMPORARY_BYTES)} will do",
        )
    else:
        yield ok("temporary files", f"{size_words(room)} free in {place}")


def room(output: Path, text_bytes: int | None, *, whole: bool = True, free: int | None = None) -> Iterator[Finding]:
    """Whether a build's output and work directory fit on their disk.

    Args:
        output: local snapshot directory, which need not exist.
        text_bytes: text of the sources, about; None where nothing is known.
        whole: whether that is of all sources.
        free: bytes on that disk.
    """
    place = output.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    left = shutil.disk_usage(place).free if free is None else free
    told = f"{size_words(left)} free at {output}"
    if text_bytes is None:
        yield ok("room", told)
        return
    wanted = int(text_bytes * OUTPUT_FACTOR)
    more = "" if whole else ", and more for sources whose text was not measured"
    told += f", about {size_words(wanted)} wanted for {size_words(text_bytes)} of text{more}"
    if left < wanted:
        yield warning("room", told, "free some, or name a larger disk or gs:// for --output")
    else:
        yield ok("room", told)


def _can_run(folder: Path) -> bool:
    descriptor, name = tempfile.mkstemp(prefix=".codemill-tmp-", dir=folder)
    with os.fdopen(descriptor, "w") as script:
        script.write("#!/bin/sh\nexit 0\n")
    try:
        os.chmod(name, 0o700)
        return subprocess.run([name], timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        os.unlink(name)
