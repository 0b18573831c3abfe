"""What the fingerprints are: a snapshot says so, and only snapshots of the same kind can be compared."""

from __future__ import annotations

from dedup.shingles import TOKENS_PER_SHINGLE
from dedup.sketch import BINS

FINGERPRINT: dict[str, str | int] = {
    "tokens": "runs of [A-Za-z0-9_] and bytes from 0x80; bytes from 0xE0 begin a token",
    "shingle_tokens": TOKENS_PER_SHINGLE,
    "shingle_bits": 64,
    "sketch": "fast similarity sketching",
    "bins": BINS,
    "bin_bits": 32,
    "version": 1,
}
"""Raise `version` when a golden vector of `tests/dedup/test_sketch.py` changes."""
