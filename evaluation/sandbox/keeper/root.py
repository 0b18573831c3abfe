"""The file system that programs see: libraries to read, an empty folder, and nothing else of this machine."""

from __future__ import annotations

import os
import struct

from . import libc

FOLDER = "/box"
"""A program's own; /tmp leads there too, unless Python itself is installed somewhere in /tmp."""
JOB = "/job"
"""Where the keeper lays a program and its input; programs see it, and cannot write there."""

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache")
# Not /dev/zero: mapped, it is memory that the watch does not see.
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random")

_MS_READONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_RECURSIVE, _MS_PRIVATE = 1 << 14, 1 << 18
_ATTR_READONLY, _ATTR_NOSUID, _ATTR_NODEV, _ATTR_NOEXEC = 1, 2, 4, 8
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_FROM_DESCRIPTOR = 4
_MNT_DETACH = 2


def build_root(readable: list[str], owner: int) -> None:
    """Replace the root of this process's mount namespace; `owner` may write in `JOB`."""
    # First, so that nothing below reaches the namespace that this one was copied from.
    libc.mount(None, "/", _MS_RECURSIVE | _MS_PRIVATE)
    links = {path: os.readlink(path) for path in _SYSTEM if os.path.islink(path)}
    trees = _outermost([*readable, *(path for path in _SYSTEM if path not in links and os.path.exists(path))])
    taken = [(path, _take(path, _ATTR_READONLY | _ATTR_NOSUID | _ATTR_NODEV)) for path in trees]
    taken += [(path, _take(path, _ATTR_NOSUID | _ATTR_NOEXEC)) for path in _DEVICES]

    # Any directory will do as the place of the new root; what lay below it is in `taken`, or not wanted.
    new = "/tmp"
    libc.mount("tmpfs", new, _MS_NOSUID | _MS_NODEV, "mode=755")
    for path, tree in taken:
        _put(tree, new + path)
    for path, target in links.items():
        os.symlink(target, new + path)
    os.symlink(FOLDER, new + "/dev/shm")
    if not os.path.exists(new + "/tmp"):
        os.symlink(FOLDER, new + "/tmp")
    os.mkdir(new + FOLDER)
    os.mkdir(new + JOB)
    if owner != os.geteuid():
        os.chown(new + JOB, owner, owner)
    os.chdir(new)
    libc.syscall("pivot_root", b".", b".")
    libc.unmount(".", _MNT_DETACH)
    os.chdir("/")


def fresh_folder(size: int) -> None:
    """In a mount namespace of one's own: everything read-only, and an empty `FOLDER` for `size` bytes at most."""
    _set_attributes(libc.AT_FDCWD, b"/", libc.AT_RECURSIVE, _ATTR_READONLY)
    libc.mount("tmpfs", FOLDER, _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, f"mode=700,nr_inodes=4096,size={size}")
    os.chdir(FOLDER)


def _outermost(paths: list[str]) -> list[str]:
    """Without those that lie in another one."""
    return sorted({path for path in paths if not any(path.startswith(other + "/") for other in paths)})


def _take(path: str, attributes: int) -> int:
    """A descriptor of a copy of the mounts at and below `path`."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | libc.AT_RECURSIVE
    tree = libc.syscall("open_tree", libc.AT_FDCWD, os.fsencode(path), flags)
    _set_attributes(tree, b"", libc.AT_EMPTY_PATH | libc.AT_RECURSIVE, attributes)
    return tree


def _put(tree: int, place: str) -> None:
    if os.path.isdir(tree):
        os.makedirs(place)
    else:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))
    libc.syscall("move_mount", tree, b"", libc.AT_FDCWD, os.fsencode(place), _MOVE_MOUNT_FROM_DESCRIPTOR)
    os.close(tree)


def _set_attributes(place: int, path: bytes, flags: int, attributes: int) -> None:
    wanted = struct.pack("<4Q", attributes, 0, 0, 0)
    libc.syscall("mount_setattr", place, path, flags, wanted, len(wanted))
