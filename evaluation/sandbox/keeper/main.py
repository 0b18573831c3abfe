"""The keeper: enters its namespaces once, then runs one program after another, each in a file system of its own.

Started as `python -c "..." LIBRARY ...`, with requests on standard input and replies on standard output. It ends when
its standard input does; and with it, whatever runs then.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time

from . import landlock, libc
from .frames import BROKEN, ENDINGS, HELLO, REPLY, REQUEST, Request
from .init import PROGRAM, STDIN, init
from .namespaces import enter
from .tree import Tree
from .watch import CallerGone, NotRun, Watch

_REQUESTS, _REPLIES = 0, 1


def main() -> None:
    """Say hello, then serve."""
    libraries = sys.argv[1:]
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])  # a thread of the caller's may have passed on another
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        enter(proc, [sys.executable, *libraries, *_python_libraries()])
        _become_first_process()
        keeper = Keeper(proc, libraries)
    except OSError as error:
        reason = str(error).encode()
        _write(HELLO.pack(error.errno or errno.ENOSYS, 0, len(reason)) + reason)
        return
    _write(HELLO.pack(0, keeper.landlock_version, 0))
    try:
        while True:
            keeper.serve()
    except (EOFError, CallerGone, BrokenPipeError):
        return


class Keeper:
    """Runs programs, one at a time.

    Args:
        proc: a descriptor of /proc.
        libraries: added to the import path of programs.
    """

    def __init__(self, proc: int, libraries: list[str]) -> None:
        self._proc = proc
        self._libraries = libraries
        self._tree = Tree(proc)
        self._own_process_ids = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
        self.landlock_version = landlock.version()

    def serve(self) -> None:
        """Take one request, answer it."""
        *limits, source, stdin = REQUEST.unpack(_read(REQUEST.size))
        request = Request(_read(source), _read(stdin), *limits)
        begin = time.monotonic()
        try:
            watch = self._start(request)
            ending, status, (stdout, stderr) = ENDINGS.index(watch.run()), watch.status, watch.output()
        except (OSError, NotRun) as error:
            ending, status, stdout, stderr = BROKEN, 0, b"", str(error).encode()
        seconds = time.monotonic() - begin
        _write(REPLY.pack(ending, status, seconds, len(stdout), len(stderr)) + stdout + stderr)

    def _start(self, request: Request) -> Watch:
        _replace(PROGRAM, request.source)
        _replace(STDIN, request.stdin)
        # A process may ask for new process ids only while it has its own, so it goes back to them first.
        libc.setns(self._own_process_ids, libc.CLONE_NEWPID)
        libc.unshare(libc.CLONE_NEWPID)
        (out, to_out), (err, to_err), (report, to_report) = os.pipe(), os.pipe(), os.pipe()
        process = os.fork()
        if process == 0:
            init(request, self.landlock_version, self._proc, self._libraries, (to_out, to_err, to_report))
        for end in (to_out, to_err, to_report):
            os.close(end)
        return Watch(request, process, (out, err, report), _REQUESTS, self._tree)


def _become_first_process() -> None:
    """Go on as the first of new process ids, so that the kernel ends all programs when this process ends."""
    process = os.fork()
    if process:
        os.closerange(_REQUESTS, _REPLIES + 1)
        os.waitpid(process, 0)
        os._exit(0)
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)


def _python_libraries() -> list[str]:
    base = os.path.realpath(sys.base_prefix)
    return [path for path in (f"{base}/lib", f"{base}/lib64") if os.path.isdir(path) and not os.path.islink(path)]


def _replace(path: str, content: bytes) -> None:
    """A new file, since an earlier program may hold the old one's rights."""
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "xb") as file:
        file.write(content)


def _read(size: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < size:
        piece = os.read(_REQUESTS, min(size - len(pieces), 1 << 20))
        if not piece:
            raise EOFError
        pieces += piece
    return bytes(pieces)


def _write(content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(_REPLIES, left) :]
