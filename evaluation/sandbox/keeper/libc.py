"""System calls that Python 3.11 has no function for. Each raises an OSError that names the call."""

from __future__ import annotations

import ctypes
import os

from .syscalls import NUMBERS, column

CLONE_NEWNS = 0x0002_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

AT_FDCWD = -100
AT_RECURSIVE = 0x8000
AT_EMPTY_PATH = 0x1000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), call)
    return result


def syscall(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """The call of `keeper.syscalls.NUMBERS` by that name; integers go as 64 bits, bytes as their address."""
    number = NUMBERS[name][column()]
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *words), name)


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags` for new ones; for process ids, the next child does."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    """Enter the namespace behind `fd`; for process ids, the next child does."""
    _checked(_libc.setns(fd, flags), "setns")


def sethostname(name: str) -> None:
    """The name in this UTS namespace; Python's own function would load all of its socket module."""
    _checked(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def mount(kind: str | None, target: str, flags: int, options: str = "") -> None:
    """Mount a file system without a device, or change what `flags` say about a mount."""
    name = kind.encode() if kind else None
    _checked(_libc.mount(name, os.fsencode(target), name, ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def unmount(target: str, flags: int) -> None:
    """`umount2`."""
    _checked(_libc.umount2(os.fsencode(target), flags), f"umount {target}")


def prctl(option: int, *arguments: int | ctypes.Array[ctypes.c_char]) -> None:
    """`prctl`, with zeros for what is not given."""
    words = [ctypes.c_ulong(word) if isinstance(word, int) else word for word in arguments]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    _checked(_libc.prctl(option, *words), f"prctl {option}")
