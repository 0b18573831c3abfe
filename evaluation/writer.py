"""Whoever writes completions: a model, or a test's stand-in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import Stops

if TYPE_CHECKING:  # completions that were drawn elsewhere are run without JAX
    from evaluation.sampling.sampler import Sampler


class Writer(Protocol):
    """Continues texts."""

    def room(self, prompt: str) -> int:
        """How many tokens may follow a prompt; below 1 if none."""

    def write(self, prompts: Sequence[str], settings: Settings, samples: int, stops: Stops) -> list[list[str]]:
        """So many texts after each prompt, which leaves room for as many tokens as the settings name."""


class ModelWriter:
    """A model's sampler as a writer."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def room(self, prompt: str) -> int:
        """See `Writer`."""
        one = Settings(tokens=1)
        return self._sampler.room(one) + one.tokens - self._sampler.encode(prompt).size

    def write(self, prompts: Sequence[str], settings: Settings, samples: int, stops: Stops) -> list[list[str]]:
        """See `Writer`."""
        found = self._sampler.sample(prompts, settings, samples, stops)
        return [[continuation.text for continuation in group] for group in found]


def seed_of(seed: int, *names: object) -> int:
    """A seed of 31 bits for each problem, so that none draws like another, and none depends on what came before."""
    text = ":".join(map(str, [seed, *names]))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little") >> 1
