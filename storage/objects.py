"""gs:// objects: one client per process, retries, and reads that hold on to one generation.

Every request here may be repeated: reads name a generation or are whole, and a repeated write has the same bytes. So
all of them take `RETRY`, where the library by itself would repeat no upload or deletion.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, NamedTuple

import google.auth
import google.auth.exceptions
import pyarrow as pa
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException

from storage.errors import ExistingFile, ForbiddenFile, MissingFile, StorageError, explained
from storage.uris import object_path

RETRY = DEFAULT_RETRY.with_delay(initial=0.5, maximum=20.0, multiplier=2.0).with_timeout(120.0)
"""For connection errors, broken bodies and statuses 408, 429, 500, 502, 503, 504: random waits that double from
`initial` to `maximum` seconds, until `timeout` seconds have passed since the first try."""

_LATER = (408, 429, 500, 502, 503, 504)

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
CONNECTIONS = 32
UPLOAD_CHUNK = 32 << 20
"""Bytes of one request of a resumable upload; they are held in memory."""
SLOWEST_UPLOAD = 1 << 20
"""Bytes per second that an upload may need before it counts as failing."""
STREAM_BUFFER = 8 << 20
RANDOM_BUFFER = 1 << 20


class Object(NamedTuple):
    """What a listing or a look at an object tells."""

    name: str
    """Without the bucket."""
    size: int
    generation: int
    """Another with every write."""


def look(uri: str) -> Object:
    """An object's size and generation.

    Raises:
        MissingFile: there is none.
        StorageError: it cannot be looked at.
    """
    blob = _blob(uri)
    with _explaining(uri, "read"):
        blob.reload(retry=RETRY)
    return Object(blob.name, int(blob.size), int(blob.generation))


def objects_below(uri: str, action: str = "list", limit: int | None = None) -> Iterator[Object]:
    """All objects in a directory or bucket, in order of name; none if it does not exist."""
    bucket, _, name = object_path(uri).partition("/")
    prefix = f"{name}/" if name else None
    with _explaining(uri, action):
        try:
            for blob in client().list_blobs(bucket, prefix=prefix, max_results=limit, retry=RETRY):
                if not blob.name.endswith("/"):  # what a console leaves for an empty folder
                    yield Object(blob.name, int(blob.size), int(blob.generation))
        except exceptions.NotFound:
            return


def read(uri: str) -> bytes:
    """A whole object, checked against its CRC32C."""
    blob = _blob(uri)
    with _explaining(uri, "read"):
        content: bytes = blob.download_as_bytes(raw_download=True, checksum="crc32c", retry=RETRY)
    return content


def upload(uri: str, file: IO[bytes], size: int, *, new: bool = False) -> None:
    """Write an object from an open file; the server checks its CRC32C before the object appears.

    Args:
        uri: which.
        file: read from its start, again for a repeated request.
        size: its bytes.
        new: whether the object must not exist yet.

    Raises:
        ExistingFile: with `new`, it exists; perhaps by this very call, when an answer was lost.
        StorageError: it cannot be written.
    """
    blob = _blob(uri)
    blob.chunk_size = UPLOAD_CHUNK

    def send() -> None:
        blob.upload_from_file(
            file,
            rewind=True,
            size=size,
            content_type="application/octet-stream",
            checksum="crc32c",
            if_generation_match=0 if new else None,
            retry=RETRY.with_predicate(_is_refusal),
        )

    # Where an answer is lost nobody knows how much of a chunk has arrived: the upload starts again.
    again = RETRY.with_timeout(RETRY.timeout + size / SLOWEST_UPLOAD)
    with _explaining(uri, "write"):
        again(send)()


def delete_object(uri: str) -> None:
    """Delete an object.

    Raises:
        MissingFile: it does not exist; perhaps by this very call, when an answer was lost.
        StorageError: it cannot be deleted.
    """
    blob = _blob(uri)
    with _explaining(uri, "delete"):
        blob.delete(retry=RETRY)


def open_object(uri: str, buffer: int) -> pa.NativeFile:
    """Open the generation that is there now: what is read is of this one or fails."""
    source = ObjectReader(uri)
    file = _ObjectFile(io.BufferedReader(source, buffer), mode="r")
    file.source = source
    return file


class ObjectReader(io.RawIOBase):
    """Bytes of one generation of an object; `read_range` may be called from many threads at once."""

    def __init__(self, uri: str) -> None:
        found = look(uri)
        self._uri = uri
        self._size = found.size
        self._generation = found.generation
        self._position = 0

    def read_range(self, start: int, count: int) -> bytes:
        """The bytes from `start` on, up to `count` of them; a reply that was cut is gone on with where it stopped."""
        end = min(start + count, self._size)
        if start >= end:
            return b""
        blob = _blob(self._uri, self._generation)
        try:
            with _explaining(self._uri, "read"):
                content: bytes = blob.download_as_bytes(
                    start=start, end=end - 1, raw_download=True, checksum=None, retry=RETRY
                )
        except MissingFile:
            raise StorageError(
                f"{self._uri}: was replaced or deleted while it was read", "run again when its writer has finished"
            ) from None
        return content

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move; nothing is requested."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def readinto(self, target: memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer by one request."""
        content = self.read_range(self._position, len(target))
        target[: len(content)] = content
        self._position += len(content)
        return len(content)


class _ObjectFile(pa.PythonFile):  # type: ignore[misc]
    """Arrow's own `read_at` of a Python file seeks and reads under a lock; this one lets threads read at once."""

    source: ObjectReader

    def read_at(self, nbytes: int, offset: int) -> bytes:
        return self.source.read_range(offset, nbytes)


def client() -> storage.Client:
    """The client of this process, or one of the server at `STORAGE_EMULATOR_HOST` (`http://host:port`), if set."""
    return _client(os.environ.get("STORAGE_EMULATOR_HOST", ""), os.getpid())


@lru_cache(maxsize=4)
def _client(emulator: str, process: int) -> storage.Client:
    # Keyed by process because connections must not be shared with a forked child.
    credentials = AnonymousCredentials() if emulator else _credentials()
    session = AuthorizedSession(credentials)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    made = storage.Client(project="none", credentials=credentials, _http=session)  # no request here is for a project
    # It asks for the bucket itself, for the labels of traces: once in the beginning, and after each 404.
    made._bucket_metadata_cache = None
    return made


def _credentials() -> google.auth.credentials.Credentials:
    """The application default ones; without any, none, which is enough for public buckets."""
    try:
        found, _ = google.auth.default(scopes=[SCOPE], request=_ask_once)
    except google.auth.exceptions.DefaultCredentialsError:
        return AnonymousCredentials()
    return found


def _ask_once(*arguments: object, **options: object) -> object:
    """Ask for the credentials of a machine at Google: elsewhere the library would ask three times, for many seconds."""
    try:
        return Request()(*arguments, **options)
    except google.auth.exceptions.TransportError as error:
        raise google.auth.exceptions.DefaultCredentialsError(str(error)) from None


def _blob(uri: str, generation: int | None = None) -> storage.Blob:
    bucket, _, name = object_path(uri).partition("/")
    if not name:
        raise StorageError(f"{uri}: names a bucket", "write gs://bucket/name")
    return client().bucket(bucket).blob(name, generation=generation)


def _is_refusal(error: BaseException) -> bool:
    """Whether the server answered that it takes this request later."""
    return _status(error) in _LATER


def _status(error: BaseException) -> int | None:
    return error.response.status_code if isinstance(error, InvalidResponse) else getattr(error, "code", None)


def _words(cause: BaseException) -> str:
    status = _status(cause)
    return f"status {status:d}" if status else f"{cause}"[:200]


@contextmanager
def _explaining(uri: str, action: str) -> Iterator[None]:
    try:
        yield
    except exceptions.NotFound:
        raise explained(uri, action, FileNotFoundError()) from None
    except exceptions.PreconditionFailed:
        raise ExistingFile(f"{uri}: cannot {action}: it exists", "delete it or name another") from None
    except (exceptions.Unauthorized, exceptions.Forbidden):
        if not isinstance(client()._credentials, AnonymousCredentials):
            raise explained(uri, action, PermissionError()) from None
        _client.cache_clear()  # so that a login helps a process that goes on
        raise ForbiddenFile(
            f"{uri}: cannot {action}: no credentials were found and the bucket is not public",
            "run `gcloud auth application-default login`",
        ) from None
    except exceptions.RetryError as error:
        raise StorageError(
            f"{uri}: cannot {action}: the server still fails after many tries ({_words(error.cause)})",
            "check the network, then run again",
        ) from None
    except _TROUBLE as error:
        raise explained(uri, action, error) from None


_TROUBLE = (
    exceptions.GoogleAPIError,
    google.auth.exceptions.GoogleAuthError,
    DataCorruption,
    InvalidResponse,
    RequestException,
    OSError,
)
