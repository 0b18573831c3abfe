"""The order of the data: a keyed Feistel permutation of [0, count), computed one index at a time.

Nothing is shuffled in memory and nothing but a position has to be stored to go on: the sequence at position p of a
stage is record permute(p mod count) of pass p div count.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.mix import finalise

_ROUNDS = 6


def order_key(stage: str, split: str) -> str:
    """The purpose under which our trainer orders a split of a stage: its plan's name for the stage, then the split."""
    return f"{stage}/{split}"


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
    result = np.empty(indices.size, np.int64)
    _permute(np.ascontiguousarray(indices), count, half_bits, _round_keys(seed, purpose, epoch), result)
    return result


def records_at(positions: NDArray[np.int64], count: int, seed: int, purpose: str) -> NDArray[np.int64]:
    """The records at positions 0, 1, ... of an endless run through the records, each pass in its own order."""
    records = np.empty_like(positions)
    epochs = positions // count
    for epoch in np.unique(epochs):
        chosen = epochs == epoch
        records[chosen] = permute(positions[chosen] % count, count, seed, purpose, int(epoch))
    return records


@lru_cache(maxsize=64)
def _round_keys(seed: int, purpose: str, epoch: int) -> NDArray[np.uint64]:
    text = f"codemill:order:{seed}:{purpose}:{epoch}".encode()
    return np.frombuffer(hashlib.blake2b(text, digest_size=8 * _ROUNDS).digest(), "<u8")


@kernel
def _permute(
    indices: NDArray[np.int64], count: int, half_bits: int, keys: NDArray[np.uint64], result: NDArray[np.int64]
) -> None:
    shift = np.uint64(half_bits)
    mask = (np.uint64(1) << shift) - np.uint64(1)
    for i in range(indices.size):
        x = np.uint64(indices[i])
        while True:
            left, right = x >> shift, x & mask
            for k in range(keys.size):
                left, right = right, left ^ (finalise(right + keys[k]) & mask)
            x = (left << shift) | right
            if x < np.uint64(count):
                break
        result[i] = np.int64(x)
