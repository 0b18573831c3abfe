"""What goes wrong with files, in two lines: the URI and the trouble; the remedy."""

from __future__ import annotations

import errno
import re


class StorageError(OSError):
    """A file operation failed: `message` names the URI and the trouble, `remedy` says what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        # Both, because exceptions are made anew from their arguments when they cross from a Beam worker to the driver;
        # set afterwards, because an OSError takes two arguments for a number and its words.
        self.args = (message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class ExistingFile(StorageError, FileExistsError):
    """The file exists and must not."""


class ForbiddenFile(StorageError, PermissionError):
    """The file exists and this user may not do that with it."""


class MissingFile(StorageError, FileNotFoundError):
    """The file, object, directory or bucket does not exist."""


_SYSTEM = {
    errno.ENOSPC: ("the disk is full", "free some space"),
    errno.EDQUOT: ("the quota of this user is used up", "free some space"),
    errno.EROFS: ("the disk is mounted for reading only", "name a place on another one"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.ELOOP: ("its links lead in a circle", "mend the links"),
    errno.EIO: ("the disk fails", "look at the system's log"),
    errno.EMFILE: ("this process has too many files open", "raise the limit with `ulimit -n`"),
}
"""What the system says by a number: trouble and remedy."""


def explained(uri: str, action: str, error: BaseException) -> StorageError:
    """The error to raise for `error`, met while trying to `action` ("read", "write", "list", ...) `uri`."""
    if isinstance(error, StorageError):
        return error
    remote = uri.startswith("gs://")
    place = f"{uri}: cannot {action}"
    if isinstance(error, FileNotFoundError):
        what = "no such object or bucket" if remote else "no such file or directory"
        return MissingFile(f"{place}: {what}", "check the path")
    number = _number(error)
    # An immutable file answers EPERM to root too, whom no permission is missing.
    if isinstance(error, PermissionError) or number in (errno.EACCES, errno.EPERM):
        remedy = "grant the account storage rights on the bucket" if remote else "give this user the permission"
        return ForbiddenFile(f"{place}: permission denied", remedy)
    if isinstance(error, IsADirectoryError) or str(error).endswith(" is a directory"):  # Arrow has only words
        return StorageError(f"{place}: it is a directory", "name a file in it")
    if isinstance(error, NotADirectoryError | FileExistsError):
        return StorageError(f"{place}: a part of the path is a file", "check the path")
    if isinstance(error, UnicodeError):
        return StorageError(f"{uri!r}: cannot {action}: the name is not valid UTF-8", "rename it")
    if number in _SYSTEM:
        what, remedy = _SYSTEM[number]
        return StorageError(f"{place}: {what}", remedy)
    if isinstance(error, ValueError) and "null" in str(error):
        return StorageError(f"{uri!r}: cannot {action}: a name holds no NUL", "check the path")
    lines = str(error).splitlines() or [type(error).__name__]
    remedy = (
        "check the network and the credentials (gcloud auth application-default login)"
        if remote
        else "check the disk it lies on"
    )
    return StorageError(f"{place}: {lines[0][:200]}", remedy)


def _number(error: BaseException) -> int:
    """The system's number of an error; libraries in Rust have it in their words only."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else 0
