"""The first process of a program's own process ids: sets up what the program sees, starts it, reports how it ended.

When it ends, or is killed, the kernel kills every process that the program left, however hard these try to get away.
Nothing that the program can do ends it: signals from inside reach no first process that has not asked for them.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import sys

from . import libc
from .confine import confine
from .frames import Request
from .root import FOLDER, JOB, fresh_folder

STATUS = struct.Struct("<i")
"""What init reports of a program that ran, as in `subprocess`; anything longer says why it could not be run."""

PROGRAM = f"{JOB}/program.py"
STDIN = f"{JOB}/stdin"

# As `python program.py` would, but without looking for .pth files, which takes as long as starting Python. The names
# here are the program's own, so none is left behind.
_BOOT = f"""
import site, sys
site.setquit(), site.sethelper()
sys.path += sys.argv[1:]
sys.argv[:] = [{PROGRAM!r}]
del site, sys
__file__ = {PROGRAM!r}
exec(compile(open(__file__, "rb").read(), __file__, "exec"))
"""

_ENVIRONMENT = {
    "HOME": FOLDER,
    "TMPDIR": FOLDER,
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    # Threads for linear algebra take address space for each core, and their sums depend on how many there are.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def init(request: Request, landlock_version: int, proc: int, libraries: list[str], pipes: tuple[int, int, int]) -> None:
    """Run the program to its end; this process does not return.

    Args:
        proc: a descriptor of /proc.
        libraries: added to the program's import path.
        pipes: the ends to write on of standard output, standard error and the report.
    """
    stdout, stderr, report = pipes
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        _first_to_go(proc)
        libc.unshare(libc.CLONE_NEWNS)
        fresh_folder(request.file_bytes)
        stdin = os.open(STDIN, os.O_RDONLY)
        report = _only_descriptors(stdin, stdout, stderr, report)
        confine(request, landlock_version, FOLDER)
        program = os.fork()
        if program == 0:
            python = sys.executable
            os.execve(python, [python, "-s", "-P", "-S", "-B", "-c", _BOOT, *libraries], _ENVIRONMENT)
        os.closerange(0, report)
        os.write(report, STATUS.pack(os.waitstatus_to_exitcode(_ended(program))))
    except BaseException as error:
        os.write(report, f"the program was not run: {error}".encode())
    finally:
        os._exit(0)


def _first_to_go(proc: int) -> None:
    """When the machine is out of memory, this is where the kernel takes it back."""
    file = os.open("self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
    os.write(file, b"1000")
    os.close(file)


def _only_descriptors(stdin: int, stdout: int, stderr: int, report: int) -> int:
    """Leave nothing open but 0, 1, 2 and the report, which no program inherits; returns its new number."""
    # Out of the way of the numbers to be filled: the keeper's own 0 and 1 lead to whoever started it.
    stdin, stdout, stderr, report = (
        fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (stdin, stdout, stderr, report)
    )
    for number, fd in enumerate((stdin, stdout, stderr)):
        os.dup2(fd, number)
    os.dup2(report, 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    return 3


def _ended(program: int) -> int:
    """Wait for the program, and for all that lose their parent before."""
    while True:
        process, status = os.wait()
        if process == program:
            return status
