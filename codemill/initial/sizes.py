"""Sizes that go with an amount of text, so that a small corpus can be built and learned from as well as a large one."""

from __future__ import annotations

from dataclasses import dataclass

_VOCABULARIES = (51200, 32768, 16384, 8192, 4096, 2048, 1024)
_BYTES_PER_ENTRY = 1000
"""Text for each entry of a vocabulary; SentencePiece refuses to learn more than a text has pairs for."""
_SMALLEST_VOCABULARY = 400
_NOT_CHARACTERS = 300
"""Entries of a vocabulary that are no characters: single bytes, line ends, tabs, the separator; and some to spare."""
_SMALL, _MIDDLE, _LARGE = 20_000_000, 100_000_000, 10_000_000_000
_BYTES_PER_TOKEN = 3.5
_FEW = 100
"""Different characters that every vocabulary has room for."""
BATCH = 16
_FEWEST_STEPS, _MOST_STEPS = 20, 500


@dataclass(frozen=True)
class Sizes:
    """What depends on how much text there is."""

    vocabulary_size: int
    context_length: int
    hosts: int
    validation_share: float


def sizes_of(text_bytes: int, characters: int = 0) -> Sizes:
    """The sizes for so many bytes of text.

    Args:
        text_bytes: of all stages.
        characters: different ones that were met: a vocabulary holds nearly all there are, and here twice as many.
    """
    fitting = next((size for size in _VOCABULARIES if size * _BYTES_PER_ENTRY <= text_bytes), _SMALLEST_VOCABULARY)
    needed = _NOT_CHARACTERS + 2 * characters
    return Sizes(
        vocabulary_size=fitting if characters <= _FEW else max(fitting, needed),
        context_length=256 if text_bytes < _SMALL else 2048,
        hosts=1 if text_bytes < _LARGE else 32,
        validation_share=0.02 if text_bytes < _MIDDLE else 0.002,
    )


@dataclass(frozen=True)
class Schedule:
    """A stage's steps: one pass over about half of what was found, or less, for a first try is to end the same day."""

    steps: int
    warmup_steps: int
    epochs: int
    """The most passes; more than a few only where there is next to nothing."""


def schedule_of(text_bytes: int, context_length: int) -> Schedule:
    """A schedule for so many bytes of text of one stage."""
    sequences = text_bytes / 2 / _BYTES_PER_TOKEN / context_length
    steps = max(_FEWEST_STEPS, min(_MOST_STEPS, int(sequences / BATCH)))
    return Schedule(steps, max(1, steps // 10), 4 if sequences > BATCH * _FEWEST_STEPS else 1000)
