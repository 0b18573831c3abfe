"""Names of files: local paths, file:// and gs:// URIs."""

from __future__ import annotations

import re

from storage.errors import StorageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECRETS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#]*@)?([^?#]*)")
_GS = "gs://"


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
    raise StorageError(f"{without_secrets(uri)}: unknown scheme {scheme[1]}://", "use a local path or gs://bucket/name")


def without_secrets(uri: str) -> str:
    """An address as it may be shown: without user, password and query, which may hold a key; others as they are."""
    found = _SECRETS.match(uri)
    if found is None or found[1] in (_GS, "file://"):
        return uri
    return found[1] + found[2]


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
        raise StorageError(f"{uri}: names no bucket", "write gs://bucket/name")
    return path


def join(uri: str, *parts: str) -> str:
    """Append names to a directory's URI with one slash between; an empty `uri` is the working directory."""
    for part in parts:
        uri = f"{uri.rstrip('/')}/{part}" if uri.rstrip("/") or uri.startswith("/") else part
    return uri
