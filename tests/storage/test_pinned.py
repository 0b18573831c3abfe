from __future__ import annotations

import datetime
import gzip
import hashlib
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.util import Retry

from storage import pinned
from storage.errors import ForbiddenFile, MissingFile, StorageError
from storage.pinned import read_pinned
from storage.uris import without_secrets

CONTENT = b"ranks\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_local_file_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "ranks"
    path.write_bytes(CONTENT)
    assert read_pinned(str(path)) == read_pinned(f"file://{path}", SHA256) == read_pinned(str(path), SHA256.upper())


def test_another_content_is_named_with_both_hashes(tmp_path: Path) -> None:
    path = tmp_path / "ranks"
    path.write_bytes(b"other")
    with pytest.raises(StorageError) as caught:
        read_pinned(str(path), SHA256)
    assert all(part in str(caught.value) for part in (str(path), SHA256, hashlib.sha256(b"other").hexdigest()))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="gone"):
        read_pinned(str(tmp_path / "gone"), SHA256)


@pytest.mark.parametrize(
    ("uri", "words"), [("https://host/ranks", "give the sha256"), ("http://host/ranks", "unknown scheme http://")]
)
def test_an_address_is_read_only_over_tls_and_against_a_hash(uri: str, words: str) -> None:
    with pytest.raises(StorageError, match=words):
        read_pinned(uri)


def test_nothing_secret_of_an_address_is_shown() -> None:
    assert without_secrets("https://me:key@host:1/a/b?token=1#c") == "https://host:1/a/b"
    assert without_secrets("gs://bucket/a?b") == "gs://bucket/a?b"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    busy = 0

    def do_GET(self) -> None:
        part = self.path.split("?")[0]
        if part == "/busy" and Handler.busy:
            Handler.busy -= 1
            self.send_response(503)
            self.send_header("Content-Length", "0")
        elif part in ("/ranks", "/busy", "/short"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT) + (part == "/short")))
        elif part == "/packed":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
        elif part in ("/there", "/plain", "/circle"):
            self.send_response(302)
            host = self.headers["Host"]
            target = {"/there": "/ranks", "/plain": f"http://{host}/ranks", "/circle": "/circle"}[part]
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
        else:
            self.send_response({"/secret": 403, "/broken": 400}.get(part, 404))
            self.send_header("Content-Length", "0")
        self.end_headers()
        if part == "/packed":
            self.wfile.write(gzip.compress(CONTENT))
        elif part in ("/ranks", "/busy", "/short"):
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        pass


def write_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(pem))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    write_certificate(path)
    return path


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[str]:
    """A server on loopback; yields its `host:port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        serving.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        serving.socket = context.wrap_socket(serving.socket, server_side=True)
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    quick: Retry = pinned._RETRY.new(backoff_factor=0)
    monkeypatch.setattr(pinned, "_RETRY", quick)


@pytest.mark.parametrize("place", ["ranks", "ranks?token=key", "there", "packed"])
def test_an_address_is_read_and_checked(server: str, place: str) -> None:
    assert read_pinned(f"https://{server}/{place}", SHA256) == CONTENT


def test_a_busy_server_is_asked_again(server: str) -> None:
    Handler.busy = 2
    assert read_pinned(f"https://{server}/busy", SHA256) == CONTENT and not Handler.busy


@pytest.mark.parametrize(
    ("place", "kind", "words"),
    [
        ("gone", MissingFile, "no such file"),
        ("secret", ForbiddenFile, "permission denied"),
        ("broken", StorageError, "status 400"),
        ("short", StorageError, "breaks off"),
        ("plain", StorageError, "redirects to an address that is not https"),
        ("circle", StorageError, "redirects without end"),
    ],
)
def test_what_goes_wrong_is_said_without_the_key(server: str, place: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        read_pinned(f"https://me:password@{server}/{place}?token=key", SHA256)
    assert f"https://{server}/{place}: " in str(caught.value)
    assert "key" not in str(caught.value) and "password" not in str(caught.value)


def test_a_server_that_stays_busy_is_said(server: str) -> None:
    Handler.busy = 100
    with pytest.raises(StorageError, match="status 503"):
        read_pinned(f"https://{server}/busy", SHA256)
    Handler.busy = 0


def test_another_content_at_an_address_is_refused(server: str) -> None:
    with pytest.raises(StorageError, match="expected was 0000"):
        read_pinned(f"https://{server}/ranks", "0" * 64)


def test_a_file_that_is_too_large_is_not_read_to_its_end(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "LARGEST", 100)
    with pytest.raises(StorageError, match="larger than"):
        read_pinned(f"https://{server}/ranks", SHA256)


def test_an_unknown_certificate_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(StorageError, match="certificate cannot be verified"):
        read_pinned(f"https://{server}/ranks", SHA256)


def test_nobody_answers() -> None:
    with pytest.raises(StorageError, match="no connection"):
        read_pinned("https://127.0.0.1:1/ranks", SHA256)
