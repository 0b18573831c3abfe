"""The way into namespaces of one's own, for root and for everybody else."""

from __future__ import annotations

import errno
import os

from . import libc
from .root import build_root

UNPRIVILEGED = 65_533
"""The user and group that root becomes: not nobody's, which other services run as."""
INSIDE = 1000
"""The one user and group that exist inside."""


def enter(proc: int, readable: list[str]) -> None:
    """Make this process one without rights outside, that sees nothing but `readable`, and may divide itself further.

    The file system is built first, by whoever can read Python's installation: root may have it in its home. Only then
    does root become somebody else. The user namespace that follows has a count of processes of its own, and the
    mounts are locked in it.

    Args:
        proc: a descriptor of /proc, which is not there any more afterwards.
        readable: files and directories, real paths.
    """
    root = _own_mounts(proc)
    build_root(readable, UNPRIVILEGED if root else INSIDE)
    if root:
        os.setgroups([])
        os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        libc.prctl(libc.PR_SET_DUMPABLE, 1)  # or its own entry in /proc stays root's
    user, group = os.geteuid(), os.getegid()
    libc.unshare(
        libc.CLONE_NEWUSER | libc.CLONE_NEWNS | libc.CLONE_NEWNET | libc.CLONE_NEWIPC | libc.CLONE_NEWUTS
        | libc.CLONE_NEWCGROUP | libc.CLONE_NEWPID
    )  # fmt: skip
    _map(proc, user, group)
    libc.sethostname("sandbox")


def _own_mounts(proc: int) -> bool:
    """Get the right to mount, as root (True) or in a user namespace."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        try:
            libc.unshare(libc.CLONE_NEWNS)
            return True
        except OSError as error:
            if error.errno != errno.EPERM:
                raise
    libc.unshare(libc.CLONE_NEWUSER | libc.CLONE_NEWNS)
    _map(proc, user, group)
    return False


def _map(proc: int, user: int, group: int) -> None:
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {user} 1"),
        ("gid_map", f"{INSIDE} {group} 1"),
    ):
        file = os.open(f"self/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)
