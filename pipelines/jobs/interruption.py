"""Ctrl-C and SIGTERM, of which none is lost.

Python drops the exception of a signal that comes while an object is being deleted, and a build deletes many. What was
asked for is therefore remembered, and heeded before the next job.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

_asked = threading.Event()


def heed_signals() -> None:
    """Let both raise KeyboardInterrupt; SIGINT only where it is not ignored, as in the background of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def check_interruption() -> None:
    """Raise KeyboardInterrupt if one was asked for before."""
    if _asked.is_set():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    _asked.set()
    raise KeyboardInterrupt
