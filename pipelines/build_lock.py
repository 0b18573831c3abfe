"""One build at a time in a directory of this machine."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from schemas.errors import CodemillError
from storage.errors import explained
from storage.files import is_remote, make_directory
from storage.uris import local_path

_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP)
"""What file systems answer that lock no directories, as some network ones."""

_held: list[int] = []


@contextmanager
def only_build_in(*directories: str) -> Iterator[None]:
    """Keep other builds out of directories, which are made where they are missing.

    The kernel drops a lock when the last process that has it is gone. Worker processes get it too, so that no build
    begins while workers of a killed one are still at work. gs:// has no locks: builds on other machines are not seen.

    Raises:
        CodemillError: another build is at work there.
        StorageError: a directory cannot be made or written to.
    """
    places = {stand_in(directory): not os.path.exists(stand_in(directory)) for directory in directories}
    with ExitStack() as held:
        for directory in directories:
            lock = _lock(directory)
            _held.append(lock)
            held.callback(os.close, lock)
            held.callback(_held.remove, lock)
        try:
            yield
        except BaseException:
            _remove_if_empty([place for place, is_new in places.items() if is_new])
            raise


def held_locks() -> list[int]:
    """The open files that hold this process's locks."""
    return list(_held)


def stand_in(directory: str) -> str:
    """The directory itself; for one on gs:// a directory of this machine and user that belongs to it."""
    if not is_remote(directory):
        return local_path(directory)
    name = hashlib.sha256(directory.rstrip("/").encode()).hexdigest()[:16]
    return os.path.join(tempfile.gettempdir(), f"codemill-{os.getuid()}-{name}")


def _remove_if_empty(directories: Sequence[str]) -> None:
    """What was refused before its first file, and so before its first worker, leaves nothing behind."""
    with suppress(OSError):
        if not any(os.listdir(directory) for directory in directories):
            for directory in directories:
                os.rmdir(directory)


def _lock(directory: str) -> int:
    place = stand_in(directory)
    make_directory(place)
    if not os.access(place, os.W_OK):
        raise explained(place, "write", PermissionError())
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise CodemillError(
            f"{directory}: another build is at work there{holder and f' (process {holder})'}",
            "wait until it has ended, or give this one an --output of its own",
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            os.close(descriptor)
            raise explained(directory, "lock", error) from None
    return descriptor


def _holder(descriptor: int) -> str:
    """The process that took the lock, as Linux tells it; elsewhere nothing."""
    inode = f":{os.fstat(descriptor).st_ino}"
    try:
        with open("/proc/locks") as locks:
            fields = [line.split() for line in locks]
    except OSError:
        return ""
    return next((f[4] for f in fields if f[1] == "FLOCK" and f[5].endswith(inode)), "")
