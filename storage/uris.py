"""Names of files: local paths, file:// and gs:// URIs, and the file system behind each."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from functools import lru_cache

import pyarrow.fs as fs

from storage.errors import StorageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_GS = "gs://"
# google-cloud-cpp retries for 15 minutes by default: far too long before a user learns of a wrong host name.
_RETRY = timedelta(seconds=60)


def is_remote(uri: str) -> bool:
    """Whether `uri` names a gs:// object.

    Raises:
        StorageError: the scheme is neither gs:// nor file://.
    """
    scheme = _SCHEME.match(uri)
    if scheme is None or scheme[1] == "file":
        return False
    if scheme[1] == "gs":
        return True
    raise StorageError(f"{uri}: unknown scheme {scheme[1]}://; use a local path or gs://bucket/name")


def local_path(uri: str) -> str:
    """A local URI's path: `file://` is taken off, anything else is left as it is."""
    return uri.removeprefix("file://")


def object_path(uri: str) -> str:
    """`bucket/name` of a gs:// URI.

    Raises:
        StorageError: there is no bucket.
    """
    path = uri.removeprefix(_GS).rstrip("/")
    if not path or path.startswith("/"):
        raise StorageError(f"{uri}: names no bucket; write gs://bucket/name")
    return path


def join(uri: str, *parts: str) -> str:
    """Append names to a directory's URI with one slash between; an empty `uri` is the working directory."""
    for part in parts:
        uri = f"{uri.rstrip('/')}/{part}" if uri.rstrip("/") or uri.startswith("/") else part
    return uri


def remote_filesystem() -> fs.FileSystem:
    """The gs:// file system, or the server at `STORAGE_EMULATOR_HOST` (`http://host:port`), if set."""
    return _remote_filesystem(os.environ.get("STORAGE_EMULATOR_HOST", ""), os.getpid())


@lru_cache(maxsize=4)
def _remote_filesystem(emulator: str, process: int) -> fs.FileSystem:
    # Keyed by process because the client's connections must not be shared with a forked child.
    if not hasattr(fs, "GcsFileSystem"):
        raise StorageError("gs://: this pyarrow was built without Google Cloud Storage; install pyarrow from PyPI")
    if not emulator:
        return fs.GcsFileSystem(retry_time_limit=_RETRY)
    scheme, _, host = emulator.rpartition("://")
    return fs.GcsFileSystem(
        anonymous=True, scheme=scheme or "http", endpoint_override=host.rstrip("/"), retry_time_limit=_RETRY
    )
