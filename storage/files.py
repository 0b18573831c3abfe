"""Read, write and delete single files, local or gs://, by the same names.

A file that this module writes appears whole or not at all, so that "it exists" can mean "it is finished".
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.fs as fs

from storage.errors import MissingFile, StorageError, explained
from storage.uris import is_remote, join, local_path, object_path, remote_filesystem

__all__ = [
    "TEMPORARY_PREFIX",
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
    try:
        if is_remote(uri):
            return remote_filesystem().open_input_file(object_path(uri))
        return _open_local(local_path(uri))
    except (OSError, pa.ArrowException) as error:
        raise explained(uri, "read", error) from None


def open_stream(uri: str) -> pa.NativeFile:
    """Open for reading from front to back, as stored (nothing is decompressed).

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be read.
    """
    try:
        if is_remote(uri):
            # Unless told otherwise Arrow packs and unpacks by the name's ending.
            return remote_filesystem().open_input_stream(object_path(uri), compression=None)
        return _open_local(local_path(uri))
    except (OSError, pa.ArrowException) as error:
        raise explained(uri, "read", error) from None


def read_bytes(uri: str) -> bytes:
    """A whole file.

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be read.
    """
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


def exists(uri: str) -> bool:
    """Whether a file, or a directory with something in it, is there."""
    return bool(_info(uri).type != fs.FileType.NotFound)


def size(uri: str) -> int:
    """Bytes of a file, as stored.

    Raises:
        MissingFile: it does not exist.
        StorageError: it is a directory.
    """
    info = _info(uri)
    if info.type == fs.FileType.NotFound:
        raise explained(uri, "read", FileNotFoundError())
    if info.type == fs.FileType.Directory:
        raise explained(uri, "read", IsADirectoryError())
    return int(info.size)


def delete(uri: str) -> None:
    """Delete a file; one that is already gone is no error, so that a retry may repeat it."""
    try:
        if is_remote(uri):
            remote_filesystem().delete_file(object_path(uri))
        else:
            os.unlink(local_path(uri))
    except FileNotFoundError:
        return
    except (OSError, pa.ArrowException) as error:
        raise explained(uri, "delete", error) from None


def delete_tree(uri: str) -> None:
    """Delete a directory and all in it; one that is already gone is no error.

    Raises:
        StorageError: it cannot be deleted, or it is a whole bucket or disk.
    """
    if is_remote(uri):
        path = object_path(uri)
        if "/" not in path:
            raise StorageError(f"{uri}: is a whole bucket; name a directory in it")
        client = remote_filesystem()
        try:
            found = client.get_file_info(fs.FileSelector(path, allow_not_found=True, recursive=True))
        except (OSError, pa.ArrowException) as error:
            raise explained(uri, "delete", error) from None
        for info in found:
            if info.type == fs.FileType.File:
                delete(f"gs://{info.path}")
        return
    path = local_path(uri)
    if os.path.abspath(path) == os.path.abspath(os.sep):
        raise StorageError(f"{uri}: is the whole disk; name a directory in it")
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


def _info(uri: str) -> fs.FileInfo:
    try:
        if is_remote(uri):
            return remote_filesystem().get_file_info(object_path(uri))
        return fs.LocalFileSystem().get_file_info(local_path(uri))
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise explained(uri, "read", error) from None


def _fill(sink: pa.NativeFile, data: Content) -> None:
    if isinstance(data, bytes):
        sink.write(data)
    elif callable(data):
        data(sink)
    else:
        for piece in data:
            sink.write(piece)


def _write_local(uri: str, data: Content) -> None:
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
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise explained(uri, "write", error) from None
        raise
    finally:
        os.close(descriptor)


def _write_object(uri: str, data: Content) -> None:
    """Upload in one call, from memory or from a finished local file.

    Arrow's stream publishes what it has when it is dropped, even after an exception. With a single write of
    the whole content there is no moment at which it has a part.
    """
    path = object_path(uri)
    if "/" not in path:
        raise StorageError(f"{uri}: names a bucket; write gs://bucket/name")
    if isinstance(data, bytes):
        _upload(uri, path, data)
        return
    with tempfile.NamedTemporaryFile(prefix=TEMPORARY_PREFIX) as spool:
        with pa.OSFile(spool.name, "wb") as sink:
            _fill(sink, data)
        if os.path.getsize(spool.name) == 0:  # an empty file cannot be mapped
            _upload(uri, path, b"")
            return
        with mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _upload(uri, path, content)


def _upload(uri: str, path: str, content: bytes | mmap.mmap) -> None:
    try:
        stream = remote_filesystem().open_output_stream(path, compression=None)
        stream.write(content)
        stream.close()
    except (OSError, pa.ArrowException) as error:
        raise explained(uri, "write", error) from None
