"""A program that is written in turns, as in MTPB: a wish as a comment, then the code that a model wrote for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from schemas.errors import CodemillError

PREFIX = "# Import libraries.\n\nimport numpy as np\n\n"
"""What every program of MTPB begins with."""


def comment(request: str) -> str:
    """A wish as the model sees it."""
    return f"# {request}\n"


class Turn(NamedTuple):
    """A wish and its code."""

    request: str
    """One line."""
    code: str
    sample: int = 0
    """Which of the model's answers it is."""

    def text(self) -> str:
        """As it stands in the program."""
        return f"{comment(self.request)}{self.code}\n\n"


class Prompt(NamedTuple):
    """What a model is to continue."""

    text: str
    dropped: int
    """Oldest turns that had to go to make room."""


@dataclass(frozen=True)
class Conversation:
    """The turns so far; a changed conversation is another one."""

    turns: tuple[Turn, ...] = ()

    def script(self) -> str:
        """The whole program."""
        return PREFIX + "".join(turn.text() for turn in self.turns)

    def prompt(self, request: str, fits: Callable[[str], bool]) -> Prompt:
        """The text after which code for a request comes.

        Args:
            request: one line.
            fits: whether a text leaves room for an answer.

        Raises:
            CodemillError: the request does not fit even without any turn before it.
        """
        for dropped in range(len(self.turns) + 1):
            text = replace(self, turns=self.turns[dropped:]).script() + comment(request)
            if fits(text):
                return Prompt(text, dropped)
        raise CodemillError("the request is too long for the model's context", "say it in fewer words")

    def then(self, turn: Turn) -> Conversation:
        """With one more turn."""
        return replace(self, turns=(*self.turns, turn))

    def undone(self) -> Conversation:
        """Without the last turn, if there is one."""
        return replace(self, turns=self.turns[:-1])
