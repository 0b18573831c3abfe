"""The few sizes that sampling is compiled for: what is smaller is filled up."""

from __future__ import annotations

READ_TOKENS = 64
"""Prompts are read in stretches of so many tokens."""
_FEWEST_SLOTS = 128


def row_bucket(rows: int) -> int:
    """The power of two that holds so many rows."""
    return 1 << (rows - 1).bit_length()


def read_tokens(longest: int) -> int:
    """Tokens to read before the last token of a prompt, in whole stretches."""
    return -(-(longest - 1) // READ_TOKENS) * READ_TOKENS


def slot_bucket(slots: int) -> int:
    """The size of a cache that holds so many slots: 96, 128, 192, 256, 384, 512 and so on."""
    power = max(_FEWEST_SLOTS, 1 << (slots - 1).bit_length())
    return power * 3 // 4 if slots <= power * 3 // 4 else power
