"""Ends of a text that stand in the text itself, found as it grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from evaluation.sampling.truncation import MARKS, truncate


class Stops(NamedTuple):
    """Where texts end."""

    cut: Callable[[str], str]
    """The part of a text before its end; the whole text if it has none. More text never moves an end."""
    marks: tuple[str, ...]
    """Every end stands at the beginning of one of these."""

    def settled(self, text: str) -> str:
        """What of a text remains whatever comes after it: a mark may have begun at its end."""
        ends = {mark[i:] for mark in self.marks for i in range(1, len(mark))}
        return text[: min((len(self.cut(text + end)) for end in ends), default=len(text))]


def at_patterns(*patterns: str) -> Stops:
    """End before the first of these strings."""

    def cut(text: str) -> str:
        return text[: min((place for pattern in patterns if (place := text.find(pattern)) >= 0), default=len(text))]

    return Stops(cut, patterns)


NOWHERE = at_patterns()
CODEGEN = Stops(truncate, MARKS)
"""CodeGen's own rules, for a turn of a conversation."""
FUNCTION = at_patterns("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""The end of a function's body, as Codex was sampled on HumanEval."""
