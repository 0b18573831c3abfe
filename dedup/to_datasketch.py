"""Signatures as datasketch's MinHash objects, for its LSH indexes and estimates.

The bins are not those that datasketch would compute: its 256 affine permutations cost a multiplication each per shingle
(see benchmarks/dedup.md), fast similarity sketching about one in all, with a smaller error. What both share is the
meaning of a comparison: the share of equal places estimates the Jaccard similarity. So a signature can be stored,
queried and compared there, but only with other signatures from here; a seed of its own makes datasketch refuse others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datasketch import MinHash

SEED = 0xC0DE
"""datasketch compares objects of one seed only; its own default is 1."""


def to_datasketch(signature: NDArray[np.uint32]) -> MinHash:
    """Hand a signature over to datasketch (2.0 or newer, installed by the caller).

    Args:
        signature: uint32 [256], a row of what `sketch` returns, of a document that has shingles.

    Returns:
        A MinHash whose `jaccard` with another such one is the share of equal bins. It takes no further tokens.
    """
    from datasketch import MinHash

    # Nothing is ever permuted, but datasketch wants factors, and odd ones.
    unused = np.ones((2, signature.size), np.uint32)
    return MinHash(seed=SEED, hashvalues=signature, permutations=unused, scheme="affine32", hashfunc=_refuse)


def _refuse(token: bytes) -> int:
    raise TypeError("a signature made by codemill cannot be updated: sketch the whole text")
