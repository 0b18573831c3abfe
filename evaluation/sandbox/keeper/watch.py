"""The eye on a running program: collects its output, and ends it at the first limit that it passes."""

from __future__ import annotations

import os
import select
import signal
import time

from .ending import Ending
from .frames import Request
from .init import STATUS
from .tree import Tree

_LOOK_SECONDS = 0.02
"""How often the use of CPU and memory is looked at; a core fills some tens of megabytes in that time."""
_PIECE = 1 << 16


class CallerGone(Exception):
    """Nobody waits for the result any more."""


class NotRun(Exception):
    """The program could not be started."""


class Watch:
    """One run of a program.

    Args:
        init: the process whose end is the end of all.
        pipes: the ends to read from of standard output, standard error and the report.
        caller: a descriptor that is hung up when the caller is gone.
    """

    def __init__(self, request: Request, init: int, pipes: tuple[int, int, int], caller: int, tree: Tree) -> None:
        self._request = request
        self._init = init
        self._stdout, self._stderr, self._report = pipes
        self._caller = caller
        self._tree = tree
        self._read: dict[int, bytearray] = {pipe: bytearray() for pipe in pipes}
        self._open = set(pipes)
        self._poll = select.poll()
        for pipe in pipes:
            self._poll.register(pipe, select.POLLIN)
        self._poll.register(caller, 0)
        self.status = -int(signal.SIGKILL)

    def run(self) -> Ending:
        """Watch to the end; no process of the program is left then."""
        try:
            broken = self._until_ended_or_broken()
        finally:
            os.kill(self._init, signal.SIGKILL)
            os.waitpid(self._init, 0)  # returns when the kernel has ended all others
        # What the pipes still hold, and what was reported at the last moment.
        while self._open:
            self._collect(None)
        reported = bytes(self._read[self._report])
        if broken:
            return broken
        if self._too_much():
            return Ending.TOO_MUCH_OUTPUT
        if len(reported) > STATUS.size:
            raise NotRun(reported.decode(errors="replace"))
        if reported:
            (self.status,) = STATUS.unpack(reported)
        return Ending.KILLED if self.status < 0 else Ending.FAILED if self.status else Ending.FINISHED

    def output(self) -> tuple[bytes, bytes]:
        """Standard output and standard error, as much of them as is kept."""
        kept = self._request.output_bytes
        return bytes(self._read[self._stdout][:kept]), bytes(self._read[self._stderr][:kept])

    def _until_ended_or_broken(self) -> Ending | None:
        request = self._request
        begin = time.monotonic()
        look = begin + _LOOK_SECONDS
        while self._report in self._open:
            now = time.monotonic()
            if now >= begin + request.seconds:
                return Ending.TIMED_OUT
            if now >= look:
                cpu_seconds, memory = self._tree.use(request.memory_bytes)
                if memory > request.memory_bytes:
                    return Ending.OUT_OF_MEMORY
                if cpu_seconds > request.cpu_seconds:
                    return Ending.TIMED_OUT
                look = time.monotonic() + _LOOK_SECONDS
            self._collect(max(0.0, min(look, begin + request.seconds) - now))
            if self._too_much():
                return Ending.TOO_MUCH_OUTPUT
        return None

    def _collect(self, seconds: float | None) -> None:
        """Take what there is on the pipes, waiting for it for so long at most."""
        for pipe, _ in self._poll.poll(None if seconds is None else seconds * 1000):
            if pipe == self._caller:
                raise CallerGone
            piece = os.read(pipe, _PIECE)
            if piece:
                # Beyond the limit only the fact counts, so that the last pieces of a flood are not kept either.
                if len(self._read[pipe]) <= self._request.output_bytes:
                    self._read[pipe] += piece
            else:
                self._poll.unregister(pipe)
                self._open.discard(pipe)
                os.close(pipe)

    def _too_much(self) -> bool:
        return any(len(self._read[pipe]) > self._request.output_bytes for pipe in (self._stdout, self._stderr))
