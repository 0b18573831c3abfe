"""Landlock: the kernel's own rule, beside the mounts, that a program writes nowhere but in its folder."""

from __future__ import annotations

import os
import struct

from . import libc

_VERSION_QUERY = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIRECTORY = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIRECTORY
_TCP = 0b11  # bind and connect
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """The version of Landlock's interface that this kernel has on; 0 for none."""
    try:
        return libc.syscall("landlock_create_ruleset", None, 0, _VERSION_QUERY)
    except OSError:
        return 0


def _file_rights(interface: int) -> int:
    """All rights to files that this version can withhold: 13 at first, then moves, truncation, device control."""
    return (1 << (13 + (interface >= 2) + (interface >= 3) + (interface >= 5))) - 1


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    libc.syscall("landlock_add_rule", rules, _PATH_BENEATH, struct.pack("<Qi", rights, place), 0)
    os.close(place)


def confine(interface: int, folder: str) -> None:
    """Read anywhere, write in `folder` alone; no TCP and no signals to outside, where this version knows them."""
    every = _file_rights(interface)
    attributes = struct.pack("<QQQ", every, _TCP, _ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 8 if interface < 4 else 16 if interface < 6 else 24
    rules = libc.syscall("landlock_create_ruleset", attributes, size, 0)
    _allow(rules, "/", _READ)
    _allow(rules, "/dev/null", (_READ_FILE | _WRITE_FILE | _TRUNCATE) & every)
    _allow(rules, folder, every)
    libc.syscall("landlock_restrict_self", rules, 0)
    os.close(rules)
