"""Read, write and delete single files, local or gs://, by the same names.

A file that this module writes appears whole or not at all, so that "it exists" can mean "it is finished".
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable

import pyarrow as pa

from storage.errors import ExistingFile, MissingFile, StorageError, explained
from storage.objects import (
    RANDOM_BUFFER,
    STREAM_BUFFER,
    delete_object,
    look,
    objects_below,
    open_object,
    read,
    upload,
)
from storage.uris import is_remote, join, local_path, object_path

__all__ = [
    "TEMPORARY_PREFIX",
    "ExistingFile",
    "MissingFile",
    "StorageError",
    "delete",
    "delete_tree",
    "exists",
    "is_remote",
    "join",
    "make_directory",
    "open_input",
    "open_stream",
    "read_bytes",
    "size",
    "write_atomic",
    "write_new",
]

TEMPORARY_PREFIX = ".codemill-tmp-"
"""Names of unfinished local files start so; listings pass them over."""

Content = bytes | Iterable[bytes] | Callable[[pa.NativeFile], None]


def open_input(uri: str) -> pa.NativeFile:
    """Open for random access (`seek`, `read_at`, `size`).

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be read.
    """
    if is_remote(uri):
        return open_object(uri, RANDOM_BUFFER)
    try:
        return _open_local(local_path(uri))
    except (OSError, pa.ArrowException) as error:
        raise explained(uri, "read", error) from None


def open_stream(uri: str) -> pa.NativeFile:
    """Open for reading from front to back, as stored (nothing is decompressed).

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be read.
    """
    if is_remote(uri):
        return open_object(uri, STREAM_BUFFER)
    try:
        return _open_local(local_path(uri))
    except (OSError, pa.ArrowException) as error:
        raise explained(uri, "read", error) from None


def read_bytes(uri: str) -> bytes:
    """A whole file.

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be read.
    """
    if is_remote(uri):
        return read(uri)
    with open_stream(uri) as stream:
        try:
            content: bytes = stream.read()
        except (OSError, pa.ArrowException) as error:
            raise explained(uri, "read", error) from None
    return content


def write_atomic(uri: str, data: Content) -> None:
    """Write a file so that it appears whole or not at all, replacing what was there; parents are made.

    Args:
        uri: where to.
        data: the bytes, an iterable of pieces, or a function that writes them to the file it is given.

    Raises:
        StorageError: it cannot be written. What else `data` raises passes through. Either way the old file
            stays.
    """
    if is_remote(uri):
        _write_object(uri, data)
    else:
        _write_local(uri, data)


def write_new(uri: str, content: bytes) -> None:
    """Write a file that does not exist yet, whole or not at all; of several writers, one wins.

    Finding the very same bytes there is success: it may be this call's own write, whose answer was lost.

    Raises:
        ExistingFile: it exists with other bytes.
        StorageError: it cannot be written.
    """
    try:
        if is_remote(uri):
            upload(uri, io.BytesIO(content), len(content), new=True)
        else:
            _write_local(uri, content, new=True)
    except ExistingFile:
        if read_bytes(uri) != content:
            raise


def exists(uri: str) -> bool:
    """Whether a file, or a directory with something in it, is there."""
    if not is_remote(uri):
        try:
            os.stat(local_path(uri))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, UnicodeError) as error:
            raise explained(uri, "read", error) from None
        return True
    if "/" in object_path(uri):
        try:
            look(uri)
            return True
        except MissingFile:
            pass
    return _has_objects(uri)


def size(uri: str) -> int:
    """Bytes of a file, as stored.

    Raises:
        MissingFile: it does not exist.
        StorageError: it is a directory.
    """
    if is_remote(uri):
        try:
            return look(uri).size
        except MissingFile:
            if not _has_objects(uri):
                raise
            raise explained(uri, "read", IsADirectoryError()) from None
    path = local_path(uri)
    try:
        if os.path.isdir(path):
            raise IsADirectoryError
        return os.path.getsize(path)
    except (OSError, UnicodeError) as error:
        raise explained(uri, "read", error) from None


def delete(uri: str) -> None:
    """Delete a file; one that is already gone is no error, so that a retry may repeat it."""
    try:
        if is_remote(uri):
            delete_object(uri)
        else:
            os.unlink(local_path(uri))
    except FileNotFoundError:
        return
    except OSError as error:
        raise explained(uri, "delete", error) from None


def delete_tree(uri: str) -> None:
    """Delete a directory and all in it; one that is already gone is no error.

    Raises:
        StorageError: it cannot be deleted, or it is a whole bucket or disk.
    """
    if is_remote(uri):
        path = object_path(uri)
        if "/" not in path:
            raise StorageError(f"{uri}: is a whole bucket", "name a directory in it")
        bucket = path.partition("/")[0]
        for name in [found.name for found in objects_below(uri, "delete")]:
            delete(f"gs://{bucket}/{name}")
        return
    path = local_path(uri)
    if os.path.abspath(path) == os.path.abspath(os.sep):
        raise StorageError(f"{uri}: is the whole disk", "name a directory in it")
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise explained(uri, "delete", error) from None


def make_directory(uri: str) -> None:
    """Make a directory and its parents; gs:// has none, so there it does nothing."""
    if is_remote(uri):
        return
    try:
        os.makedirs(local_path(uri), exist_ok=True)
    except OSError as error:
        raise explained(uri, "make the directory", error) from None


def _open_local(path: str) -> pa.NativeFile:
    try:
        path.encode()
    except UnicodeEncodeError:  # Arrow takes UTF-8 names only, Linux any bytes
        return pa.PythonFile(open(path, "rb"), mode="r")
    return pa.OSFile(path, "rb")


def _has_objects(uri: str) -> bool:
    return next(iter(objects_below(uri, "read", limit=1)), None) is not None


def _fill(sink: pa.NativeFile, data: Content) -> None:
    if isinstance(data, bytes):
        sink.write(data)
    elif callable(data):
        data(sink)
    else:
        for piece in data:
            sink.write(piece)


def _write_local(uri: str, data: Content, *, new: bool = False) -> None:
    path = local_path(uri)
    temporary = os.path.join(os.path.dirname(path), TEMPORARY_PREFIX + uuid.uuid4().hex)
    try:
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise explained(uri, "write", error) from None
    try:
        with pa.OSFile(temporary, "wb") as sink:
            _fill(sink, data)
        # Without this a crash of the machine can leave the name with none of the bytes.
        os.fsync(descriptor)
        if new:
            _rename_to_new(temporary, path)
        else:
            os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, FileExistsError):
            raise ExistingFile(f"{uri}: cannot write: it exists", "delete it or name another") from None
        if isinstance(error, OSError):
            raise explained(uri, "write", error) from None
        raise
    finally:
        os.close(descriptor)


def _rename_to_new(temporary: str, path: str) -> None:
    """Rename, but never over a file that exists."""
    try:
        os.link(temporary, path)
    except OSError as error:
        # Some file systems know no second names. There, two that look at the same moment may both see nothing.
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS) or os.path.lexists(path):
            raise
        os.replace(temporary, path)
    else:
        os.unlink(temporary)


def _write_object(uri: str, data: Content) -> None:
    """Upload what is complete: from memory or from a finished local file, so that a retry can send it again."""
    if isinstance(data, bytes):
        upload(uri, io.BytesIO(data), len(data))
        return
    with tempfile.NamedTemporaryFile(prefix=TEMPORARY_PREFIX) as spool:
        with pa.OSFile(spool.name, "wb") as sink:
            _fill(sink, data)
        upload(uri, spool, os.path.getsize(spool.name))
