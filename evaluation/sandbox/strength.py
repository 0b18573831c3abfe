"""Which layers of the sandbox hold on this machine: tried out, not looked up."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

from evaluation.sandbox.limits import Limits
from evaluation.sandbox.refusal import cannot_run
from evaluation.sandbox.worker import Worker

_PROBE = Path(__file__).with_name("probe.py")
_PROBE_LIMITS = Limits(seconds=20.0, processes=4)

_NEEDED = {
    "files": "mount namespace: libraries to read, and nothing to write",
    "folder": "mount namespace: an empty folder in memory, of limited size",
    "processes": "process id namespace: nobody else to signal, and all end together",
    "process count": "user namespace: RLIMIT_NPROC counts one program's processes",
    "privileges": "user namespace: no user but one without rights, no capabilities",
    "network": "network namespace without an interface, and seccomp: no sockets",
    "system calls": "seccomp: no tracing, mounts, namespaces, hidden memory, nor rarely used parts of the kernel",
}


class Layer(NamedTuple):
    """One line of defence."""

    name: str
    what: str
    holds: bool
    needed: bool
    """Without it, no program is run."""


def sandbox_strength() -> list[Layer]:
    """Try each layer with a program that attacks it.

    Raises:
        CodemillError: no sandbox can be set up at all.
    """
    worker = Worker()
    try:
        result = worker.run(_PROBE.read_text(encoding="utf-8"), b"", _PROBE_LIMITS)
        landlock = worker.landlock_version
    finally:
        worker.close()
    held = result.stdout.decode().splitlines()
    return [
        *(Layer(name, what, name in held, needed=True) for name, what in _NEEDED.items()),
        Layer("landlock", f"version {landlock}: the same rule for files once more", landlock > 0, needed=False),
    ]


@cache
def require_strength() -> None:
    """Refuse where a needed layer does not hold, warn where another does not; looked at once in a process."""
    layers = sandbox_strength()
    missing = [f"{layer.name} ({layer.what})" for layer in layers if layer.needed and not layer.holds]
    if missing:
        raise cannot_run(f"what the sandbox set up does not hold: {', '.join(missing)}")
    for layer in layers:
        if not layer.holds:
            warnings.warn(f"the sandbox does without {layer.name}, which this kernel has not on", stacklevel=2)
