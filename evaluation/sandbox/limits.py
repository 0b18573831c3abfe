"""How much a program may take."""

from __future__ import annotations

from dataclasses import dataclass, fields

from schemas.errors import CodemillError


@dataclass(frozen=True)
class Limits:
    """Limits of one program, all its processes together unless it says otherwise."""

    seconds: float = 5.0
    """By the clock."""
    cpu_seconds: float = 5.0
    """Of all cores; reported as timed out too."""
    memory_bytes: int = 1 << 30
    """Resident memory, and the address space of each process; numpy, pandas and sklearn take 340 MB of that."""
    processes: int = 32
    """Processes and threads at a time."""
    output_bytes: int = 1 << 20
    """Standard output, and the same again for standard error."""
    file_bytes: int = 64 << 20
    """All files in its folder, which are memory too."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < 1 << 40:
                raise CodemillError(f"sandbox limits: {field.name} is {value}", "give a number above 0, below 2**40")


DEFAULT_LIMITS = Limits()
