"""Programs that end in strange ways, or are none."""

from __future__ import annotations

from evaluation.sandbox import Ending
from tests.evaluation.sandbox.hostile import Hostile

BREAKING = [
    Hostile("closes and moves descriptors", Ending.FINISHED, says="moved\n", source="""
import os
for fd in range(3, 40):
    try: os.dup2(1, fd)
    except OSError: pass
os.write(39, b"moved\\n")
os.closerange(0, 64)
"""),
    Hostile("leaves at once", Ending.FAILED, status=3, source="""
import os
print("lost")
os._exit(3)
"""),
    Hostile("leaves from a thread", Ending.FAILED, status=7, source="""
import os, threading
threading.Thread(target=os._exit, args=(7,)).start()
"""),
    Hostile("large exit status", Ending.FAILED, status=5, source="""
raise SystemExit(256 + 5)
"""),
    Hostile("leaves while it ends", Ending.FAILED, status=9, source="""
import atexit, os
atexit.register(os._exit, 9)
"""),
    Hostile("segmentation fault", Ending.KILLED, status=-11, source="""
import ctypes
ctypes.string_at(0)
"""),
    Hostile("aborts", Ending.KILLED, status=-6, source="""
import os
os.abort()
"""),
    Hostile("kills itself", Ending.KILLED, status=-9, source="""
import os
os.kill(os.getpid(), 9)
"""),
    Hostile("kills its session", Ending.KILLED, status=-9, source="""
import os
os.fork()
os.killpg(0, 9)
"""),
    Hostile("recursion", Ending.FAILED, status=1, source="""
def again(): again()
again()
"""),
    Hostile("recursion on the C stack", Ending.KILLED, status=-11, source="""
import ctypes
compare = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: compare())
import sys
sys.setrecursionlimit(10**9)
compare()
"""),
    Hostile("deletes its own folder", Ending.FAILED, status=1, source="""
import os, shutil
os.mkdir("a")
shutil.rmtree("/box", ignore_errors=True)
os.chmod("/box", 0)
os.listdir()
"""),
    Hostile("no newline", Ending.FINISHED, says="x" * 10, source="""
print("x" * 10, end="")
"""),
    Hostile("nothing", Ending.FINISHED, ""),
    Hostile("NUL in its source", Ending.FAILED, "print(1)\0", status=1),
    Hostile("half a character in its source", Ending.FAILED, "print('\ud800')", status=1),
    Hostile("unknown encoding", Ending.FAILED, "# coding: nonsense\nprint(1)", status=1),
    Hostile("no Python", Ending.FAILED, "}{", status=1),
]  # fmt: skip
