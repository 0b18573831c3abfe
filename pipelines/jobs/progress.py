"""How far a pass is, told from what it has left on storage: the same on every runner, and after a restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from storage.errors import StorageError
from storage.files import join
from storage.listing import list_files

POLL_SECONDS = 1.0
POLL_SHARE = 0.1
"""Of the time at most is spent on looking: listings of a large work directory take long."""
READERS = 16


class Done(NamedTuple):
    """What a pass has done so far."""

    parts: int
    """Of the pass's total, those of earlier runs with them."""
    documents: int = 0
    """From here on, in this run only."""
    bytes: int = 0
    """Of text."""
    tokens: int = 0


class Progress(Protocol):
    """Shows how far a pass is."""

    def start(self, name: str, total: int, unit: str) -> None:
        """A pass begins, with `total` parts of a kind."""

    def update(self, done: Done) -> None:
        """So much is done."""

    def finish(self, note: str = "") -> None:
        """The pass ended; `note` says what came of it."""


class Silence:
    """Shows nothing."""

    def start(self, name: str, total: int, unit: str) -> None:
        """Nothing."""

    def update(self, done: Done) -> None:
        """Nothing."""

    def finish(self, note: str = "") -> None:
        """Nothing."""


class Tally:
    """Sums over the files that appear in a directory; those that are there from the start count as parts only."""

    def __init__(self, directory: str, amounts: Callable[[str], Done]) -> None:
        """`amounts` says what stands for a file of that path."""
        self._directory = directory
        self._amounts = amounts
        self._seen = set(self._names())
        self._sum = Done(0)

    def __call__(self) -> Done:
        """All files as parts, and the sum over the new ones."""
        names = self._names()
        new = [name for name in names if name not in self._seen]
        if new:
            with ThreadPoolExecutor(READERS) as pool:
                found = list(pool.map(self._amounts, [join(self._directory, name) for name in new]))
            self._sum = total([self._sum, *found])
            self._seen.update(new)
        return self._sum._replace(parts=len(names))

    def _names(self) -> list[str]:
        return [relative for relative, _, _ in list_files(self._directory)]


def total(amounts: Iterable[Done]) -> Done:
    """The sum of amounts."""
    columns = list(zip(*amounts, strict=True))
    return Done(*map(sum, columns)) if columns else Done(0)


@contextmanager
def watched(progress: Progress, name: str, parts: int, unit: str, count: Callable[[], Done]) -> Iterator[None]:
    """Report progress while a pass runs."""
    progress.start(name, parts, unit)
    _look(progress, count)  # what earlier runs have done is no speed of this one
    stop = threading.Event()

    def poll() -> None:
        pause = POLL_SECONDS
        while not stop.wait(pause):
            begin = time.monotonic()
            _look(progress, count)
            pause = max(POLL_SECONDS, (time.monotonic() - begin) / POLL_SHARE)

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    note = "failed"
    try:
        yield
        note = ""
    finally:
        stop.set()
        thread.join()
        if not note:
            _look(progress, lambda: count()._replace(parts=parts))  # not every part leaves a file
        progress.finish(note)


def _look(progress: Progress, count: Callable[[], Done]) -> None:
    """Whether storage answers is the pass's own affair: a display must not end it."""
    try:
        progress.update(count())
    except StorageError:
        return
