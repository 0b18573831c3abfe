"""What was found in a folder, and what is left out of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from codemill.initial.kinds import Kind


@dataclass(frozen=True)
class Found:
    """Data of one kind that one set of paths names."""

    kind: Kind
    paths: tuple[str, ...]
    files: int
    """Files, or repositories."""
    bytes: int
    """As stored; of repositories, the text at their HEAD, about."""
    text_bytes: int
    """Bytes of text, about."""
    languages: Counter[str] = field(default_factory=Counter)
    """Bytes of text by language, about; "" is what has none. Empty for JSON Lines, which do not tell."""
    subsets: tuple[str, ...] = ()
    """The Pile's names of sets that were met."""
    characters: int = 0
    """Different characters that were met, where texts were looked at."""
    repositories: Literal["children", "root"] | None = None
    """Of trees: where repositories begin."""


@dataclass(frozen=True)
class Looked:
    """What a look at some of a folder came to."""

    found: tuple[Found, ...] = ()
    left: tuple[str, ...] = ()
    """What is not taken and why, a line each."""
    opened: int = 0
    """Files and repositories that were opened."""

    def __add__(self, other: Looked) -> Looked:
        return Looked(self.found + other.found, self.left + other.left, self.opened + other.opened)
