"""How fast a pass goes and how long it will still take, in words."""

from __future__ import annotations

from pipelines.jobs.progress import Done

SHORTEST = 1.0
"""Seconds that are watched before a speed is told."""


class Pace:
    """What a pass has done since it was first looked at.

    What an earlier run left counts as done, not as speed. Speeds are means over the whole pass: units differ in size,
    and a mean over the last moments would jump about.
    """

    def __init__(self, total: int, now: float) -> None:
        """A pass of `total` parts begins at second `now`."""
        self.total = total
        self.done = Done(0)
        self._begin = self._now = now
        self._first: int | None = None

    def update(self, done: Done, now: float) -> None:
        """So much is done at second `now`."""
        self.done = done
        if self._first is None:
            self._first = done.parts
        self._now = now

    def end(self, now: float) -> None:
        """The pass ends at second `now`."""
        self._now = now

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._now - self._begin

    def amounts(self) -> list[str]:
        """Documents, text and tokens so far, of which none are told where the pass does not count them."""
        done = self.done
        counts = [(f"{done.documents:,} documents", done.documents), (f"{done.bytes / 1e6:,.1f} MB", done.bytes)]
        return [words for words, amount in [*counts, (f"{done.tokens:,} tokens", done.tokens)] if amount]

    def rates(self) -> list[str]:
        """The same per second."""
        if self.seconds < SHORTEST:
            return []
        documents, size, tokens = (amount / self.seconds for amount in self.done[1:])
        counts = [(f"{documents:,.0f} documents/s", documents), (f"{size / 1e6:,.1f} MB/s", size)]
        return [words for words, amount in [*counts, (f"{tokens:,.0f} tokens/s", tokens)] if amount]

    def left(self) -> list[str]:
        """The time until the last part at the mean speed; nothing before the first one of this run is done."""
        new = self.done.parts - (self._first or 0)
        if new <= 0 or self.seconds < SHORTEST or self.done.parts >= self.total:
            return []
        return [f"about {clock(self.seconds * (self.total - self.done.parts) / new)} left"]


def clock(seconds: float) -> str:
    """1:05, 2:03:04 or 3 d 4 h."""
    whole = round(seconds)
    if whole >= 86400:
        return f"{whole // 86400} d {whole % 86400 // 3600} h"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
