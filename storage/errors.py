"""What goes wrong with files, in one line: the URI, the trouble, the remedy."""

from __future__ import annotations

import errno


class StorageError(OSError):
    """A file operation failed; the message names the URI and the remedy."""


class ExistingFile(StorageError, FileExistsError):
    """The file exists and must not."""


class ForbiddenFile(StorageError, PermissionError):
    """The file exists and this user may not do that with it."""


class MissingFile(StorageError, FileNotFoundError):
    """The file, object, directory or bucket does not exist."""


def explained(uri: str, action: str, error: BaseException) -> StorageError:
    """The error to raise for `error`, met while trying to `action` ("read", "write", "list", ...) `uri`."""
    remote = uri.startswith("gs://")
    if isinstance(error, StorageError):
        return error
    if isinstance(error, FileNotFoundError):
        what = "no such object or bucket" if remote else "no such file or directory"
        return MissingFile(f"{uri}: cannot {action}: {what}; check the path")
    if isinstance(error, PermissionError):
        remedy = "grant the account storage rights on the bucket" if remote else "give this user the permission"
        return ForbiddenFile(f"{uri}: cannot {action}: permission denied; {remedy}")
    if isinstance(error, IsADirectoryError) or str(error).endswith(" is a directory"):  # Arrow has only words
        return StorageError(f"{uri}: cannot {action}: it is a directory; name a file in it")
    if isinstance(error, NotADirectoryError):
        return StorageError(f"{uri}: cannot {action}: a part of the path is a file; check the path")
    if isinstance(error, UnicodeError):
        return StorageError(f"{uri!r}: cannot {action}: the name is not valid UTF-8; rename it")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return StorageError(f"{uri}: cannot {action}: the disk is full; free some space")
    lines = str(error).splitlines() or [type(error).__name__]
    remedy = (
        "check the network and the credentials (gcloud auth application-default login)"
        if remote
        else "check the disk it lies on"
    )
    return StorageError(f"{uri}: cannot {action}: {lines[0][:200]}; {remedy}")
