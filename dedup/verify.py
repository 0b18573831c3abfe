"""Verification: the exact similarity of candidate pairs, from their shingle sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]


@kernel
def _common(values: U64s, offsets: I64s, higher: I64s, lower: I64s, common: I64s) -> None:
    for pair in range(higher.size):
        one = np.uint64(offsets[higher[pair]])
        one_end = np.uint64(offsets[higher[pair] + 1])
        other = np.uint64(offsets[lower[pair]])
        other_end = np.uint64(offsets[lower[pair] + 1])
        found = 0
        while one < one_end and other < other_end:
            # No branches: which of two hashes is smaller cannot be predicted.
            left = values[one]
            right = values[other]
            found += left == right
            one += np.uint64(left <= right)
            other += np.uint64(right <= left)
        common[pair] = found


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
