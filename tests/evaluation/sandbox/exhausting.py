"""Programs that take all they can get."""

from __future__ import annotations

from evaluation.sandbox import Ending
from tests.evaluation.sandbox.hostile import Hostile, refused

EXHAUSTING = [
    Hostile("fork bomb", Ending.TIMED_OUT, says="begin\n", source="""
import os
print("begin", flush=True)
while True:
    try: os.fork()
    except OSError: pass
"""),
    Hostile("thread bomb", Ending.TIMED_OUT, """
import threading, time
while True: threading.Thread(target=time.sleep, args=(60,)).start()
"""),
    Hostile("memory bomb", Ending.FAILED, status=1, source="""
kept = []
while True: kept.append(bytearray(1 << 24))
"""),
    Hostile("memory bomb by mmap", Ending.FAILED, status=1, source="""
import mmap
kept = []
while True:
    kept.append(mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    kept[-1].write(bytes(1 << 24))
"""),
    Hostile("memory bomb by many processes", Ending.OUT_OF_MEMORY, """
import os, time
for _ in range(9):
    if os.fork() == 0: break
kept = b"x" * (60 << 20)
time.sleep(60)
"""),
    Hostile("memory that grows slowly in many processes", Ending.OUT_OF_MEMORY, """
import os, time
for _ in range(20):
    if os.fork() == 0: break
kept = []
while True: kept.append(b"x" * (1 << 20)), time.sleep(0.01)
"""),
    refused("memory that no process shows", 4, """
import mmap
say(tries(mmap.mmap, -1, 1 << 20), tries(os.memfd_create, "memory"), calls(libc.shmget, 0, 1 << 20, 0o1600),
    tries(os.open, "/dev/zero", os.O_RDWR))
"""),
    Hostile("flood of standard output", Ending.TOO_MUCH_OUTPUT, says="xxx", source="""
while True: print("x" * 1000)
"""),
    Hostile("flood of standard error", Ending.TOO_MUCH_OUTPUT, """
import sys
while True: print("x" * 1000, file=sys.stderr)
"""),
    Hostile("flood by a child in another session", Ending.TOO_MUCH_OUTPUT, """
import os, time
if os.fork() == 0:
    os.setsid()
    while True: os.write(1, bytes(1 << 16))
time.sleep(60)
"""),
    Hostile("endless loop", Ending.TIMED_OUT, """
while True: pass
"""),
    Hostile("endless loop in C", Ending.TIMED_OUT, """
sum(range(1 << 60))
"""),
    Hostile("sleep for ever", Ending.TIMED_OUT, """
import time
time.sleep(1e6)
"""),
    Hostile("deaf to signals", Ending.TIMED_OUT, says="deaf\n", source="""
import signal
for number in set(range(1, 65)) - {9, 19, 32, 33}: signal.signal(number, signal.SIG_IGN)
print("deaf", flush=True)
while True: pass
"""),
    Hostile("stops itself", Ending.TIMED_OUT, """
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
"""),
    Hostile("much CPU in many processes", Ending.TIMED_OUT, says="begin\n", source="""
import os
print("begin", flush=True)
for _ in range(3): os.fork()
while True: pass
"""),
    Hostile("fills its folder", Ending.FINISHED, says="ENOSPC True\n", source="""
import errno
try:
    for number in range(10**6): open(str(number), "wb").write(bytes(1 << 20))
except OSError as error: print(errno.errorcode[error.errno], 5 <= number <= 8)
"""),
    Hostile("fills its folder with names", Ending.FINISHED, says="ENOSPC True\n", source="""
import errno, os
try:
    for number in range(10**6): os.mkdir(str(number))
except OSError as error: print(errno.errorcode[error.errno], number < 5000)
"""),
    refused("huge sparse file", 2, """
file = os.open("sparse", os.O_RDWR | os.O_CREAT)
say(tries(os.truncate, file, 1 << 40), tries(os.posix_fallocate, file, 0, 1 << 30))
"""),
]  # fmt: skip
