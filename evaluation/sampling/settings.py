"""How to continue a text."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import CodemillError


@dataclass(frozen=True)
class Settings:
    """The defaults are those with which CodeGen was sampled.

    Raises:
        CodemillError: a value that means nothing.
    """

    tokens: int = 128
    """The most new tokens."""
    temperature: float = 0.2
    """Scores are divided by it; 0 takes the likeliest token."""
    top_p: float = 0.95
    """Draw among the likeliest tokens that reach this share; 1 for all."""
    top_k: int = 0
    """Draw among so many likeliest tokens; 0 for all."""
    seed: int = 42
    """Of the draws."""

    def __post_init__(self) -> None:
        for bad, words in (
            (self.tokens < 1, f"{self.tokens} new tokens are none"),
            (not 0 <= self.temperature < float("inf"), f"temperature {self.temperature} is not 0 or more"),
            (not 0 < self.top_p <= 1, f"top-p {self.top_p} is not above 0 and up to 1"),
            (self.top_k < 0, f"top-k {self.top_k} is negative"),
            (not 0 <= self.seed < 2**32, f"seed {self.seed} is not in 0 to 2^32 - 1"),
        ):
            if bad:
                raise CodemillError(words, "choose another")
