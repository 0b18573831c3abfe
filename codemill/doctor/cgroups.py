"""What a container lets its processes have, by the kernel's control groups, version 1 or 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_NO_LIMIT = 1 << 60
"""Version 1 states no limit as a number near 2^63."""


class Memory(NamedTuple):
    """Bytes of a control group."""

    limit: int
    used: int
    """Without what the kernel would give back at once: pages of files that nobody has touched lately."""


def cores(root: Path = Path("/")) -> float | None:
    """Cores that the processor time allowed comes to; None without a limit."""
    limits = []
    for folder in _folders(root, "cpu"):
        quota, period = [*_words(folder / "cpu.max"), "", ""][:2]
        if not quota:
            quota = "".join(_words(folder / "cpu.cfs_quota_us"))
            period = "".join(_words(folder / "cpu.cfs_period_us"))
        if quota.isdigit() and period.isdigit() and int(period):
            limits.append(int(quota) / int(period))
    return min(limits, default=None)


def memory(root: Path = Path("/")) -> Memory | None:
    """The tightest limit of memory, and what of it is used; None without a limit."""
    found = []
    for folder in _folders(root, "memory"):
        for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            bound, now = "".join(_words(folder / limit)), "".join(_words(folder / used))
            if bound.isdigit() and now.isdigit() and int(bound) < _NO_LIMIT:
                words = _words(folder / "memory.stat")
                idle = dict(zip(words[::2], words[1::2], strict=False))
                spare = int(idle.get("total_inactive_file", idle.get("inactive_file", 0)))
                found.append(Memory(int(bound), max(0, int(now) - spare)))
    return min(found, key=lambda each: each.limit - each.used, default=None)


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Where this process's groups may be described, and the groups around them."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    top = root / "sys/fs/cgroup"
    for line in lines:
        _, names, path = [*line.split(":", 2), "", "", ""][:3]
        if names and controller not in names.split(","):
            continue
        base = top / controller if names else top
        # Within a container the path may be that of the machine outside: then the top is what holds.
        parts = [part for part in path.split("/") if part and part != ".."]
        for end in range(len(parts), -1, -1):
            yield base.joinpath(*parts[:end])


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
