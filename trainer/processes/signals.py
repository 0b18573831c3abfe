"""A polite stop: SIGTERM asks the loop to save and end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_on_sigterm() -> Iterator[Callable[[], bool]]:
    """Within this block, SIGTERM no longer ends the process; the function given says whether it came.

    JAX's preemption service, which could say so too, is switched off: it says so once only, at the step that it
    chose, and Orbax asks it as well, from its threads and with numbers of earlier steps. `Agreement` carries the news
    to the other processes instead. Outside the main thread no signal can be caught, and the answer is always no.
    """
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGTERM, lambda *_: came.set())
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGTERM, before)
