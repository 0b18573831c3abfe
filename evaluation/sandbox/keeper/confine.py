"""What a program's process gives up before the program begins, none of which it can take back."""

from __future__ import annotations

import errno
import resource
import struct

from . import landlock, libc, seccomp
from .frames import Request

OPEN_FILES = 64
OUR_PROCESSES = 3
"""In the program's user namespace beside its own: the one that waits for the keeper, the keeper, its init."""

_CAPABILITIES_VERSION_3 = 0x2008_0522


def confine(request: Request, landlock_version: int, folder: str) -> None:
    """Limits, privileges, files, system calls, in this order: each step needs what a later one takes away."""
    _limit(request)
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    _drop_capabilities()
    if landlock_version:
        landlock.confine(landlock_version, folder)
    seccomp.filter_calls()


def _limit(request: Request) -> None:
    cpu = int(request.cpu_seconds) + 1  # whole seconds; the watch keeps the exact one, over all processes
    both = {
        resource.RLIMIT_AS: request.memory_bytes,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: request.file_bytes,
        resource.RLIMIT_NPROC: request.processes + OUR_PROCESSES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        # With 0, a kernel that pipes core dumps into a program would start that program, outside, at every crash.
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in both.items():
        resource.setrlimit(name, (value, value))
    resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, request.memory_bytes))


def _drop_capabilities() -> None:
    for capability in range(64):
        try:
            libc.prctl(libc.PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != errno.EINVAL:  # beyond the last that this kernel knows
                raise
            break
    libc.syscall("capset", struct.pack("<Ii", _CAPABILITIES_VERSION_3, 0), bytes(24))
