"""Read a whole file that a config names: local, gs://, or at an https:// address, and check its SHA-256.

An address on the web may answer something else tomorrow, so it is read only against a pinned hash.
"""

from __future__ import annotations

import hashlib
import hmac

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from storage.errors import ForbiddenFile, MissingFile, StorageError
from storage.files import read_bytes
from storage.uris import without_secrets

LARGEST = 256 << 20
"""Bytes; what a config names is a vocabulary, not a corpus, and is held in memory."""

_SECURE = "https://"
_TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two pieces of the answer
_PIECE = 1 << 20
_RETRY = Retry(
    total=5,
    backoff_factor=0.5,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    allowed_methods={"GET"},
    raise_on_status=False,
)
_REMEDY = "check the address and the network, or name a local copy"


def is_web(uri: str) -> bool:
    """Whether `uri` is an address on the web."""
    return uri.startswith(_SECURE)


def read_pinned(uri: str, sha256: str | None = None) -> bytes:
    """The bytes of a file.

    Args:
        uri: a local path, file://, gs:// or https://.
        sha256: what it must hash to, hexadecimal; needed for https://.

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be read, is larger than `LARGEST`, has another hash, or is an address without a hash.
    """
    shown = without_secrets(uri)
    if is_web(uri) and sha256 is None:
        raise StorageError(f"{shown}: may change at any time", "give the sha256 of the file you mean")
    content = _download(uri) if is_web(uri) else read_bytes(uri)
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and not hmac.compare_digest(found, sha256.lower()):
        raise StorageError(
            f"{shown}: has the SHA-256 {found}, expected was {sha256.lower()}",
            "name the file that was pinned, or pin this one if you trust it",
        )
    return content


def _download(uri: str) -> bytes:
    shown = without_secrets(uri)
    try:
        with requests.Session() as session:
            session.adapters.clear()  # http:// goes with it: no redirect may leave https://
            session.mount(_SECURE, HTTPAdapter(max_retries=_RETRY))
            with session.get(uri, stream=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}) as answer:
                return _body(answer, shown)
    except requests.RequestException as error:
        raise StorageError(f"{shown}: cannot read: {_trouble(error)}", _REMEDY) from None


def _body(answer: requests.Response, shown: str) -> bytes:
    status = answer.status_code
    if status in (404, 410):
        raise MissingFile(f"{shown}: cannot read: no such file there", "check the address")
    if status in (401, 403):
        raise ForbiddenFile(f"{shown}: cannot read: permission denied (status {status})", "name a local copy")
    if status != 200:
        raise StorageError(f"{shown}: cannot read: the server answers with status {status}", _REMEDY)
    content = bytearray()
    for piece in answer.iter_content(_PIECE):
        content += piece
        if len(content) > LARGEST:
            raise StorageError(f"{shown}: is larger than {LARGEST >> 20} MiB", "name a vocabulary's file")
    return bytes(content)


def _trouble(error: requests.RequestException) -> str:
    """What went wrong, without the library's words, which repeat the whole address."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be verified"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.InvalidSchema):
        return "it redirects to an address that is not https://"
    if isinstance(error, requests.TooManyRedirects):
        return "it redirects without end"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer breaks off"
    if isinstance(error, requests.exceptions.InvalidURL):
        return "no valid address"
    return "no connection"
