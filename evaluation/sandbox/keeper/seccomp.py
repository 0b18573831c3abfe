"""The filter that the kernel runs on every system call of a program: a short list of refusals, in classic BPF."""

from __future__ import annotations

import ctypes
import errno
import struct

from . import libc
from .syscalls import ABSENT, ARGUMENTS_MATTER, LAST_KNOWN, REFUSED, column

_AUDIT_ARCHITECTURE = (0xC000_003E, 0xC000_00B7)  # in the order of `syscalls.MACHINES`

_LOAD, _AND = 0x20, 0x54
_IF_EQUAL, _IF_ABOVE, _IF_ANY_BIT = 0x15, 0x25, 0x45
_RETURN = 0x06

_ALLOW = 0x7FFF_0000
_KILL = 0x8000_0000
_ERROR = 0x0005_0000

_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_MODE_FILTER = 2

_NEW_NAMESPACES = (
    libc.CLONE_NEWNS | libc.CLONE_NEWCGROUP | libc.CLONE_NEWUTS | libc.CLONE_NEWIPC
    | libc.CLONE_NEWUSER | libc.CLONE_NEWPID | libc.CLONE_NEWNET
)  # fmt: skip
_SHARED_ANONYMOUS = 0x01 | 0x20
_AF_UNIX = 1


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _argument(index: int) -> bytes:
    """Load the low 32 bits of an argument; all that is asked of one lies there."""
    return _step(_LOAD, 16 + 8 * index)


def _refuse(number: int, error: int = errno.EPERM) -> bytes:
    return _step(_IF_EQUAL, number, 0, 1) + _step(_RETURN, _ERROR | error)


def _decide(number: int, *steps: bytes) -> bytes:
    """For this call, `steps` look at its arguments and end in a jump over the refusal, or into it."""
    body = b"".join([*steps, _step(_RETURN, _ERROR | errno.EPERM), _step(_RETURN, _ALLOW)])
    return _step(_IF_EQUAL, number, 0, len(body) // 8) + body


def filter_program(machine: int) -> bytes:
    """The filter for `syscalls.MACHINES[machine]`.

    A call of another architecture ends the process; a refused one fails with EPERM, as if privilege were missing.
    """
    number = {name: numbers[machine] for name, numbers in ARGUMENTS_MATTER.items()}
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_IF_EQUAL, _AUDIT_ARCHITECTURE[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        # The second system call table of x86-64 (x32) has numbers far above as well.
        _step(_IF_ABOVE, LAST_KNOWN, 0, 1),
        _step(_RETURN, _ERROR | errno.ENOSYS),
        *(_refuse(numbers[machine]) for numbers in REFUSED.values() if numbers[machine] != ABSENT),
        # Its flags lie in memory, where no filter can look; without it, libraries take clone.
        _refuse(number["clone3"], errno.ENOSYS),
        _decide(number["clone"], _argument(0), _step(_IF_ANY_BIT, _NEW_NAMESPACES, 0, 1)),
        _decide(number["socketpair"], _argument(0), _step(_IF_EQUAL, _AF_UNIX, 1, 0)),
        # Shared memory without a file can be let go by every process and still be held: the watch would not see it.
        _decide(
            number["mmap"],
            _argument(3),
            _step(_AND, _SHARED_ANONYMOUS),
            _step(_IF_EQUAL, _SHARED_ANONYMOUS, 0, 1),
        ),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def filter_calls() -> None:
    """Filter the calls of this process and of all that it will start, for good. Needs PR_SET_NO_NEW_PRIVS."""
    steps = ctypes.create_string_buffer(filter_program(column()))
    # struct sock_fprog, whose size includes the padding before the pointer; the buffer's last byte is a NUL.
    described = struct.pack("@HP", (len(steps) - 1) // 8, ctypes.addressof(steps))
    libc.prctl(libc.PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(described))
