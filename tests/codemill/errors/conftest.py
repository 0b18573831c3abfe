from __future__ import annotations

import logging
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codemill.cli import main
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from storage import objects
from tests.codemill.errors.arrange import Arranger
from tests.codemill.errors.cases import Said, Say
from tests.corpus import write_corpus
from tests.storage.server import at_address


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished snapshot; not to be changed."""
    root = tmp_path_factory.mktemp("errors")
    build(write_corpus(root / "corpus", documents=30), str(root / "snapshot"), Runner(1, Silence()))
    return root / "snapshot"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """A storage service that answers every request with the status that is set."""
    status = 404

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ExitStack() as started:

        def answer_with(wanted: int) -> None:
            nonlocal status
            status = wanted
            started.enter_context(_serving(Handler))

        monkeypatch.setattr(objects, "RETRY", objects.RETRY.with_delay(initial=0.01, maximum=0.01).with_timeout(0.1))
        yield answer_with


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        with at_address(f"http://127.0.0.1:{server.server_port}"):
            yield
        server.shutdown()
        thread.join()


@pytest.fixture
def say(
    built: Path,
    answer: Callable[[int], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Say]:
    """Arrange a directory and run a command line in it, in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    level = logging.getLogger("urllib3").level

    def run(arrange: str, command: str) -> Said:
        Arranger(tmp_path, built, answer).arrange(arrange)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["codemill", *shlex.split(command)])
        before = _names(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        status = code if isinstance(code, int) else 0
        return Said(status, capsys.readouterr().err.splitlines(), _names(tmp_path) - before)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logging.getLogger("urllib3").setLevel(level)


def _names(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}
