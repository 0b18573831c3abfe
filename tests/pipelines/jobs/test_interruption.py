import subprocess
import sys

import pytest

PROGRAM = """
import os, signal
from pipelines.jobs.interruption import check_interruption, heed_signals

class Lost:
    def __del__(self):
        os.kill(os.getpid(), signal.{signal})

heed_signals()
check_interruption()
Lost()
print("lost", flush=True)
try:
    check_interruption()
except KeyboardInterrupt:
    print("heeded")
"""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_a_signal_that_python_drops_is_heeded_later(signal: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(signal=signal)], capture_output=True, text=True)
    assert done.stdout == "lost\nheeded\n" and "Exception ignored in" in done.stderr
