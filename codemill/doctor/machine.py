"""Cores, memory and open files: what this process may have of the machine."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

from codemill.doctor import cgroups
from codemill.doctor.finding import Finding, broken, ok, warning
from codemill.initial.words import counted, size_words

WORKER_BYTES = 1_000_000_000
"""Memory of a worker at its largest (docs/engines.md)."""
LEAST_BYTES = 500_000_000
LEAST_FILES = 1024
"""Files that may be open at once: what most systems allow."""


def cores(workers: int, allowed: float | None) -> Iterator[Finding]:
    """Whether a container allows the time of the cores that are counted.

    Args:
        workers: that a build starts by default.
        allowed: cores that the time allowed comes to, None if it is not limited.
    """
    if allowed is not None and allowed < workers - 0.5:
        fitting = max(1, round(allowed))
        yield warning(
            "cores",
            f"{workers}, of which this container may use {allowed:g}",
            f"say --workers {fitting}, or give the container more processor time",
        )
    else:
        yield ok("cores", f"{workers}: a build takes so many workers unless it is told otherwise")


def memory(workers: int, available: int) -> Iterator[Finding]:
    """Whether as many workers as a build starts by default have room.

    Args:
        workers: that a build starts by default.
        available: bytes.
    """
    told = f"{size_words(available)} free for {counted(workers, 'worker')}"
    fitting = max(1, available // WORKER_BYTES)
    if available < LEAST_BYTES:
        yield broken("memory", told, "close other programs, or take a machine or container with more memory")
    elif available < workers * WORKER_BYTES:
        remedy = f"say --workers {fitting}" if fitting < workers else "free some memory"
        yield warning("memory", f"{told}, each of which takes up to {size_words(WORKER_BYTES)}", remedy)
    else:
        yield ok("memory", told)


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that may still be taken: of the machine, and within the limit of a container."""
    fields = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines() if ":" in line)
    free = int(fields["MemAvailable"].split()[0]) * 1024
    limit = cgroups.memory(root)
    return free if limit is None else min(free, max(0, limit.limit - limit.used))


def open_files(limit: int | None = None) -> Iterator[Finding]:
    """Whether as many files may be open at once as a build with many workers wants."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        yield warning("open files", f"{soft} at once, where {LEAST_FILES} are usual", f"ulimit -n {4 * LEAST_FILES}")
    else:
        yield ok("open files", "any number" if soft == resource.RLIM_INFINITY else f"{soft:,} at once")
