"""Verification: the exact similarity of candidate pairs, from their shingle sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.lanes import BLOCK, common_of_blocks

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]


@kernel
def _common_of(values: U64s, one: int, one_end: int, other: int, other_end: int) -> int:
    """How many values two ascending sets have in common."""
    found = 0
    # Each block is compared with those blocks of the other set that its values may be in, and the block whose last
    # value is the smaller is left behind. No branches: which one that is cannot be predicted.
    while one + BLOCK <= one_end and other + BLOCK <= other_end:
        found += common_of_blocks(values, one, other)
        left = values[np.uint64(one + BLOCK - 1)]
        right = values[np.uint64(other + BLOCK - 1)]
        one += BLOCK * (left <= right)
        other += BLOCK * (right <= left)
    while one < one_end and other < other_end:
        left = values[np.uint64(one)]
        right = values[np.uint64(other)]
        found += left == right
        one += left <= right
        other += right <= left
    return found


@kernel
def _common(values: U64s, offsets: I64s, higher: I64s, lower: I64s, common: I64s) -> None:
    for pair in range(higher.size):
        one = higher[pair]
        other = lower[pair]
        common[pair] = _common_of(values, offsets[one], offsets[one + 1], offsets[other], offsets[other + 1])


def verify(
    values: U64s, offsets: I64s, higher_index: I64s, lower_index: I64s
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare shingle sets pair by pair.

    Args:
        values, offsets: sets as `shingle_sets` returns them: set i is values[offsets[i]:offsets[i + 1]],
            ascending and without repetitions.
        higher_index: int64 [pairs], the set of the better ranked document of each pair, which would be kept.
        lower_index: int64 [pairs], the set of the other one, which would be dropped.

    Returns:
        (jaccard, containment): float64 [pairs] each. Jaccard is common / all distinct shingles of both.
        Containment is common / shingles of the lower one: how much of the dropped document is in the kept
        one. Both are 0 where their divisor is.

    Raises:
        IndexError: an index outside the sets.
    """
    sets = offsets.size - 1
    for index in (higher_index, lower_index):
        if index.size and (index.min() < 0 or index.max() >= sets):
            raise IndexError(f"pairs name sets {index.min()}..{index.max()} of {sets}")
    if higher_index.shape != lower_index.shape:
        raise ValueError(f"{higher_index.size} higher and {lower_index.size} lower documents")
    common = np.empty(higher_index.size, np.int64)
    _common(values, offsets, higher_index.astype(np.int64), lower_index.astype(np.int64), common)
    sizes = np.diff(offsets)
    together = sizes[higher_index] + sizes[lower_index] - common
    return common / np.maximum(together, 1), common / np.maximum(sizes[lower_index], 1)
