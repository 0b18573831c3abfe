"""The order of the data: a keyed Feistel permutation of [0, count), computed one index at a time.

Nothing is shuffled in memory and nothing but a position has to be stored to go on: the sequence at position p of a
stage is record permute(p mod count) of pass p div count.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 6
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)


def permute(indices: NDArray[np.int64], count: int, seed: int, purpose: str, epoch: int) -> NDArray[np.int64]:
    """Where the permutation of [0, count) under (seed, purpose, epoch) sends each index.

    A Feistel network over 2b bits, 4^b >= count, is a bijection whatever its round function; an image outside
    [0, count) is sent through again until it falls inside (Black and Rogaway 2002), which keeps it one.

    Args:
        indices: int64 [n], each in [0, count).
        count: size of the domain, at least 1.
        seed: the plan's seed.
        purpose: what is ordered, for example the stage's name.
        epoch: number of the pass over the data, from 0.

    Returns:
        int64 [n].
    """
    half_bits = max(1, ((count - 1).bit_length() + 1) // 2)
    keys = _round_keys(seed, purpose, epoch)
    result = indices.astype(np.uint64)
    outside = np.ones(len(indices), bool)
    while outside.any():
        result[outside] = _feistel(result[outside], half_bits, keys)
        outside = result >= np.uint64(count)
    return result.astype(np.int64)


def records_at(positions: NDArray[np.int64], count: int, seed: int, purpose: str) -> NDArray[np.int64]:
    """The records at positions 0, 1, ... of an endless run through the records, each pass in its own order."""
    records = np.empty_like(positions)
    epochs = positions // count
    for epoch in np.unique(epochs):
        chosen = epochs == epoch
        records[chosen] = permute(positions[chosen] % count, count, seed, purpose, int(epoch))
    return records


def _round_keys(seed: int, purpose: str, epoch: int) -> NDArray[np.uint64]:
    text = f"codemill:order:{seed}:{purpose}:{epoch}".encode()
    return np.frombuffer(hashlib.blake2b(text, digest_size=8 * _ROUNDS).digest(), "<u8")


def _feistel(x: NDArray[np.uint64], half_bits: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    shift, mask = np.uint64(half_bits), np.uint64((1 << half_bits) - 1)
    left, right = x >> shift, x & mask
    for key in keys:
        left, right = right, left ^ (_mix(right + key) & mask)
    return (left << shift) | right


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The SplitMix64 finaliser (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * _MULTIPLY_1
    x = (x ^ (x >> np.uint64(27))) * _MULTIPLY_2
    return x ^ (x >> np.uint64(31))
