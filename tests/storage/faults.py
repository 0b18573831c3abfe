"""A proxy on loopback that passes HTTP requests on to a storage server and breaks those that a test picks."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit


class Fault(Enum):
    """What goes wrong with one request."""

    UNAVAILABLE = "503 instead of an answer"
    BUSY = "429 instead of an answer"
    FORBIDDEN = "403 instead of an answer"
    RESET = "the connection is reset before an answer"
    LOST = "the request is carried out, then the connection is reset before its answer"
    RESET_BODY = "the connection is reset after half the body"
    CUT_BODY = "the connection is closed after half the body, as if that were its end"


class Request(NamedTuple):
    """One request as the proxy sees it."""

    kind: str
    """read, list, look (metadata), write (an upload in one request), session, chunk (of a resumable upload), delete."""
    target: str
    """Path and query."""
    range: str
    """The Range header, or nothing."""


Chooser = Callable[[Request], Fault | None]


class FaultProxy:
    """Where the proxy listens, what it has seen, and what it breaks."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.seen: list[Request] = []
        self.choose: Chooser = lambda request: None
        self._lock = threading.Lock()

    def kinds(self) -> list[str]:
        """The kinds of the requests seen."""
        return [request.kind for request in self.seen]

    def fault(self, request: Request) -> Fault | None:
        """Note a request and pick its fault."""
        with self._lock:
            self.seen.append(request)
            return self.choose(request)

    def break_first(self, kind: str, *faults: Fault) -> None:
        """Forget what was seen, and break the first requests of a kind, one fault each."""
        self.seen.clear()
        waiting = list(faults)
        self.choose = lambda request: waiting.pop(0) if request.kind == kind and waiting else None

    def break_every(self, nth: int, *faults: Fault) -> None:
        """Forget what was seen, and break every n-th request, with one fault after the other."""
        self.seen.clear()

        def choose(request: Request) -> Fault | None:
            round_, rest = divmod(len(self.seen), nth)
            return faults[round_ % len(faults)] if rest == 0 else None

        self.choose = choose

    def break_all(self, kind: str, fault: Fault) -> None:
        """Forget what was seen, and break every request of a kind."""
        self.seen.clear()
        self.choose = lambda request: fault if request.kind == kind else None

    def cut_off(self, seconds: float) -> None:
        """Forget what was seen, and reset every connection for some time."""
        self.seen.clear()
        end = time.monotonic() + seconds
        self.choose = lambda request: Fault.RESET if time.monotonic() < end else None

    def pass_all(self) -> None:
        """Forget what was seen, and break nothing."""
        self.seen.clear()
        self.choose = lambda request: None


def kind_of(method: str, target: str) -> str:
    """What a request to a storage server is for."""
    path, _, query = target.partition("?")
    if method == "DELETE":
        return "delete"
    if method == "PUT":
        return "chunk"
    if method == "POST":
        return "session" if "uploadType=resumable" in query else "write"
    if path.endswith("/o") and path.startswith("/storage/v1/b/"):
        return "list"
    if path.startswith("/storage/v1/b/") and "alt=media" not in query:
        return "look"
    return "read"


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Run a proxy in front of the server at `upstream` (`http://host:port`)."""
    host = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        disable_nagle_algorithm = True

        def _pass(self) -> None:
            body = self._body()
            fault = proxy.fault(Request(kind_of(self.command, self.path), self.path, self.headers.get("Range", "")))
            if fault in _STATUS:
                self._answer(_STATUS[fault], [], b"not now")
                return
            if fault is Fault.RESET:
                self._reset()
                return
            status, headers, content = self._forward(body)
            if fault is Fault.LOST:
                self._reset()
                return
            cut = len(content) // 2 if fault in (Fault.RESET_BODY, Fault.CUT_BODY) else None
            self._answer(status, headers, content, cut)
            if fault is Fault.RESET_BODY:
                self._reset()
            elif fault is Fault.CUT_BODY:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _pass

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = bytearray()
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return bytes(body)

        def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = HTTPConnection(host, timeout=60)
            try:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
                # The server writes links to itself into its answers; they shall lead here.
                headers["Host"] = self.headers["Host"]
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            here = proxy.address.encode()
            kept = [(k, v.replace(upstream, proxy.address)) for k, v in answer.getheaders() if k.lower() not in _HOP]
            if "json" in answer.getheader("Content-Type", ""):
                content = content.replace(upstream.encode(), here)
            return answer.status, kept, content

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, cut: int | None = None) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[:cut])

        def _reset(self) -> None:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
            # Without the usual orderly shutdown, which would come before the reset.
            assert isinstance(request, socket.socket)
            request.close()

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    proxy = FaultProxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_STATUS = {Fault.UNAVAILABLE: 503, Fault.BUSY: 429, Fault.FORBIDDEN: 403}
_HOP = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}
