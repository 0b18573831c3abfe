"""A polite stop: SIGTERM asks the loop to save and end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jax
from jax.experimental import multihost_utils


@contextmanager
def stop_on_sigterm() -> Iterator[Callable[[int], bool]]:
    """Within this block, SIGTERM no longer ends the process; the function given says, after each step, whether it came.

    With several processes all must stop after the same step, which JAX's preemption service agrees on. Outside the
    main thread no signal can be caught, and the answer is always no.
    """
    if jax.process_count() > 1:
        yield lambda step: bool(multihost_utils.reached_preemption_sync_point(step))
        return
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield lambda step: False
        return
    before = signal.signal(signal.SIGTERM, lambda *_: came.set())
    try:
        yield lambda step: came.is_set()
    finally:
        signal.signal(signal.SIGTERM, before)
