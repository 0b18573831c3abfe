"""Programs that reach for what is not theirs."""

from __future__ import annotations

from evaluation.sandbox import Ending
from tests.evaluation.sandbox.hostile import Hostile, refused

REACHING_OUT = [
    refused("deletes everything", 3, """
import shutil
for top in ("/", "OUTSIDE", os.path.expanduser("~")): shutil.rmtree(top, ignore_errors=True)
say(tries(os.unlink, "OUTSIDE/canary"), tries(os.rmdir, "OUTSIDE"), tries(os.unlink, os.__file__))
"""),
    refused("writes outside", 11, """
places = "OUTSIDE", "/", "/job", "/dev", "/etc", "/usr/lib", "/root", "/home", "/var/tmp", os.path.dirname(os.__file__)
say(*(tries(open, place + "/new", "w") for place in places), tries(open, os.__file__, "a"))
"""),
    refused("symbolic link", 3, """
os.symlink("OUTSIDE", "out")
os.symlink("OUTSIDE/canary", "canary")
say(tries(open, "out/new", "w"), tries(open, "canary", "a"), tries(open, "canary"))
"""),
    refused("hard link", 3, """
say(tries(os.link, "OUTSIDE/canary", "canary"), tries(os.link, os.__file__, "os.py"),
    tries(os.rename, "OUTSIDE/canary", "canary"))
"""),
    refused("parent directories", 3, """
up = "../" * 20
say(tries(open, up + "OUTSIDE/canary"), tries(open, up + "new", "w"), tries(os.mkdir, "../new"))
"""),
    refused("private files", 9, """
names = ("/etc/passwd", "/etc/shadow", "/root/.ssh/id_rsa", "/root/.bashrc", "/proc/version", "/sys/kernel/vmcoreinfo",
    "OUTSIDE/canary", "OUTSIDE/credentials.json", "CHECKOUT/pyproject.toml")
say(*(tries(open, name) for name in names))
"""),
    refused("sockets of every kind", 18, """
families = "AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"
kinds = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
say(*(tries(socket.socket, getattr(socket, family), kind) for family in families for kind in kinds))
"""),
    refused("connects and listens", 5, """
def unix(name):
    socket.socket(socket.AF_UNIX).connect(name)
say(tries(socket.create_connection, ("127.0.0.1", PORT)), tries(socket.create_server, ("127.0.0.1", 0)),
    tries(unix, "UNIX_SOCKET"), tries(unix, "\\0UNIX_SOCKET"), tries(socket.socketpair, socket.AF_INET))
"""),
    refused("looks up a name", 1, """
say(tries(socket.getaddrinfo, "nowhere.invalid", 80))
"""),
    Hostile("reads its environment", Ending.FINISHED, says="""\
HOME LANG MKL_NUM_THREADS OMP_NUM_THREADS OPENBLAS_NUM_THREADS PATH PYTHONHASHSEED PYTHONUTF8 TMPDIR TZ
sandbox /box []
""", source="""
import os
print(*sorted(os.environ))
print(os.uname().nodename, os.getcwd(), os.listdir())
"""),
    refused("reads the caller's memory", 8, """
say(tries(open, "/proc/CALLER/environ"), tries(open, "/proc/CALLER/mem"), tries(open, "/proc/self/mem"),
    *(calls(libc.ptrace, 16, process, 0, 0) for process in (1, CALLER)),
    calls(libc.process_vm_readv, 1, None, 0, None, 0, 0), calls(libc.process_vm_writev, 1, None, 0, None, 0, 0),
    calls(libc.syscall, 438, 1, 0, 0))
"""),
    Hostile("kills whom it can", Ending.FINISHED, says="alone\n", source="""
import os
targets = [(process, number) for process in (os.getppid(), 1, CALLER) for number in range(1, 65)]
for process, number in [*targets, (-1, 9)]:
    try: os.kill(process, number)
    except OSError: pass
print("alone")
"""),
    Hostile("daemon that goes on", Ending.FINISHED, says="left\n", source="""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 9)
        while True: time.sleep(0.001)
    os._exit(0)
os.wait()
print("left")
"""),
    Hostile("daemons that replace themselves", Ending.FINISHED, says="left\n", source="""
import os
if os.fork() == 0:
    while True:
        try:
            if os.fork(): os._exit(0)
            os.setsid()
        except OSError: pass
print("left")
"""),
    Hostile("looks for descriptors", Ending.FINISHED, says="[0, 1, 2]\n", source="""
import os
def is_open(fd):
    try: return bool(os.fstat(fd))
    except OSError: return False
print([fd for fd in range(4096) if is_open(fd)])
for fd in range(3, 64):
    try: os.write(fd, b"forged")
    except OSError: pass
"""),
    refused("becomes somebody else", 10, """
say(*(tries(call, 0) for call in (os.setuid, os.setgid, os.seteuid, os.setegid)), tries(os.setgroups, [0]),
    tries(os.chown, ".", 0, 0), tries(os.setresuid, 0, 0, 0), calls(libc.prctl, 47, 2, 21, 0, 0),
    os.path.exists("/usr/bin/sudo"), os.path.exists("/bin/sh"))
"""),
    refused("mounts and namespaces", 18, """
clone = 56 if os.uname().machine == "x86_64" else 220
say(calls(libc.mount, b"proc", b"/box", b"proc", 0, 0), calls(libc.umount2, b"/box", 2), tries(os.chroot, "/box"),
    *(calls(libc.unshare, 1 << bit) for bit in (17, 25, 26, 27, 28, 29, 30)),
    *(calls(libc.syscall, clone, 1 << bit | 17, 0, 0, 0, 0) for bit in (17, 28, 29)),
    *(calls(libc.syscall, number, 0, 0, 0, 0) for number in (428, 429, 430, 442, 435)))
"""),
    refused("raises its limits", 6, """
import resource
limits = "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CORE"
say(*(tries(resource.setrlimit, getattr(resource, limit), (-1, -1)) for limit in limits))
"""),
    # io_uring, process_madvise, memfd_secret, calls newer than the filter, numbers of the x32 table.
    refused("far corners of the kernel", 9, """
numbers = 425, 426, 427, 440, 447, 451, 460, 467, 0x40000000 + 41
say(*(calls(libc.syscall, number, 0, 0, 0, 0, 0) for number in numbers))
"""),
    refused("changes what the next program is", 6, """
say(tries(open, "/job/program.py", "a"), tries(os.unlink, "/job/program.py"), tries(os.chmod, "/job", 0o777),
    tries(os.chmod, "/job/stdin", 0), tries(os.fchmod, 0, 0), tries(os.ftruncate, 0, 0))
"""),
    refused("starts another Python", 2, """
import subprocess, sys
script = "import socket; socket.socket()", "open('/new', 'w')"
say(*(subprocess.run([sys.executable, "-c", line], stderr=-3).returncode == 0 for line in script))
"""),
]  # fmt: skip
