"""What somebody probably meant: the nearest of the names that are known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a word, whatever its case; None if none is much like it."""
    names = {name.lower(): name for name in reversed(list(known))}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return names[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to append to an error: "; did you mean 'x'?", or nothing."""
    name = nearest(word, known)
    return "" if name is None or name == word else f"; did you mean {name!r}?"
