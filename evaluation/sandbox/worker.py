"""A Sandbox's hold on one keeper process."""

from __future__ import annotations

import os
import select
import site
import subprocess
import sys
import time
from dataclasses import astuple
from pathlib import Path

from evaluation.sandbox.keeper.frames import BROKEN, ENDINGS, HELLO, REPLY, Request
from evaluation.sandbox.limits import Limits
from evaluation.sandbox.refusal import cannot_run, gone
from evaluation.sandbox.result import Result

_PYTHON = os.path.realpath(sys.executable)
"""The interpreter itself, not a virtual environment's link to it: of that one only the libraries are shown."""
_START = "import sys; sys.path.append(sys.argv.pop(1)); from keeper.main import main; main()"
_SECONDS_MORE = 30.0
"""How long after its time a program's result may come, on a machine with much else to do."""


class Worker:
    """Runs programs one at a time, in a keeper that is started with this object and ended by `close`."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise cannot_run(f"{sys.platform} has no namespaces")
        self._keeper = subprocess.Popen(
            [_PYTHON, "-I", "-S", "-c", _START, str(Path(__file__).parent), *_libraries()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={},
            cwd="/",
            start_new_session=True,  # so that Ctrl-C reaches this process alone
        )
        assert self._keeper.stdin is not None and self._keeper.stdout is not None
        self._requests, self._replies = self._keeper.stdin, self._keeper.stdout
        try:
            deadline = time.monotonic() + _SECONDS_MORE
            error, self.landlock_version, size = HELLO.unpack(self._read(HELLO.size, deadline))
            if error:
                raise cannot_run(self._read(size, deadline).decode(), error)
        except BaseException:
            self.close()
            raise

    def run(self, source: str, stdin: bytes, limits: Limits) -> Result:
        """Run a program to its end."""
        # Text that is not Unicode reaches Python as such, and is the program's error.
        request = Request(source.encode("utf-8", "surrogatepass"), stdin, *astuple(limits)).packed()
        deadline = time.monotonic() + limits.seconds + _SECONDS_MORE
        try:
            left = memoryview(request)
            while left:
                left = left[self._requests.write(left) or 0 :]
        except BrokenPipeError:
            raise gone() from None
        ending, status, seconds, stdout_size, stderr_size = REPLY.unpack(self._read(REPLY.size, deadline))
        stdout = self._read(stdout_size, deadline)
        stderr = self._read(stderr_size, deadline)
        if ending == BROKEN:
            raise cannot_run(stderr.decode(errors="replace"))
        return Result(ENDINGS[ending], status, stdout, stderr, seconds)

    def kill(self) -> None:
        """End the keeper and what runs in it, at once; whoever waits for a result is told so."""
        self._keeper.kill()

    def close(self) -> None:
        """The same, and let go of what belonged to it."""
        self._keeper.kill()
        self._keeper.wait()
        self._requests.close()
        self._replies.close()

    def _read(self, size: int, deadline: float) -> bytes:
        pieces = bytearray()
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        while len(pieces) < size:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise gone()
            piece = self._replies.read(size - len(pieces))
            if not piece:
                raise gone()
            pieces += piece
        return bytes(pieces)


def _libraries() -> list[str]:
    """The directories of installed packages, by their real paths, as this process finds them."""
    found = [path for path in site.getsitepackages() if path in sys.path and os.path.isdir(path)]
    return list(dict.fromkeys(map(os.path.realpath, found)))
