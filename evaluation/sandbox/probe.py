"""A program that tries, in a sandbox, what a hostile one would, and prints the name of each layer that held."""

import _thread
import errno
import os
import socket
import sys
import time

PROCESSES = 4
"""The limit that this program is to be run with."""


def error_of(call: object, *arguments: object) -> int:
    """The errno with which a call fails; 0 if it does not."""
    try:
        call(*arguments)  # type: ignore[operator]
    except OSError as error:
        return error.errno or -1
    return 0


def threads_until_refused() -> int:
    """How many threads can be started beside this one, a few above the limit at most."""
    for count in range(2 * PROCESSES):
        try:
            _thread.start_new_thread(time.sleep, (1,))
        except RuntimeError:
            return count
    return 2 * PROCESSES


new = os.O_CREAT | os.O_WRONLY
places = ("/", "/job", "/dev", "/usr/lib", os.path.dirname(os.__file__), *sys.path)
layers = {
    # The network namespace alone would grant a socket that leads nowhere: that there is one is seen on setting it up.
    "network": error_of(socket.socket) == errno.EPERM,
    "system calls": error_of(os.memfd_create, "new") == errno.EPERM,
    "files": not os.path.exists("/proc") and all(error_of(os.open, f"{place}/new", new) for place in places),
    "folder": error_of(os.open, "new", new) == 0 and os.getcwd() == "/box" and os.listdir() == ["new"],
    # Its parent is the first process, and nobody else is there to be sent a signal.
    "processes": os.getppid() == 1 and error_of(os.kill, -1, 0) in (0, errno.ESRCH) and os.getpid() < 10,
    "privileges": os.getuid() != 0 and error_of(os.setuid, 0) != 0 and error_of(os.setgid, 0) != 0,
    "process count": threads_until_refused() == PROCESSES - 1,
}
print(*(name for name, held in layers.items() if held), sep="\n", flush=True)
os._exit(0)
