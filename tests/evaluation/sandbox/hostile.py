"""What a hostile program is to a test."""

from __future__ import annotations

from typing import NamedTuple

from evaluation.sandbox import Ending

_TRIES = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)

def tries(call, *arguments):
    '''Whether a call of Python's goes through.'''
    try:
        call(*arguments)
    except (OSError, ValueError):
        return False
    return True

def calls(call, *arguments):
    '''Whether a call of C's goes through, or fails for another reason than that it is not allowed.'''
    return call(*arguments) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS)

def say(*attempts):
    print(sum(attempts), "of", len(attempts))
"""


class Hostile(NamedTuple):
    """A program; OUTSIDE, CHECKOUT, CALLER, PORT and UNIX_SOCKET in it stand for things that it must not get at.

    `says` is what it prints: to the byte for one that ends by itself, how it begins for one that is ended.
    """

    name: str
    ending: Ending
    source: str
    says: str = ""
    status: int | None = None


def refused(name: str, count: int, source: str) -> Hostile:
    """A program whose `count` attempts all fail, which it goes on to say."""
    return Hostile(name, Ending.FINISHED, _TRIES + source, f"0 of {count}\n", 0)
