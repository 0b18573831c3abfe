"""A terminal that a model's words go to: Ctrl-C, control characters, typed lines."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event

_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


@contextmanager
def ctrl_c() -> Iterator[Event]:
    """Within this block Ctrl-C only sets the event: an exception could come up, and be lost, in JAX's callbacks."""
    pressed = Event()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def printable(text: str) -> str:
    """A text in which no control character of a model's can do anything to the terminal."""
    return text.translate(_CONTROLS)


def typed_lines(prompt: str) -> Iterator[str]:
    """Lines from the terminal until Ctrl-D, with the editing and history of readline where there is one."""
    with suppress(ImportError):
        import readline  # noqa: F401  (input() uses it once it is imported)
    while True:
        try:
            yield input(prompt)
        except KeyboardInterrupt:
            print("  (Ctrl-D ends)")
        except EOFError:
            print()
            return
