"""Checksums of arrays: the same on any mesh, on devices and on the host, whole or summed up from blocks.

The checksum of an array is the sum, modulo 2^32, of mix(word, index) over its 4-byte words in row-major order. Sums of
integers are exact in any order, so neither the sharding nor the blocks matter. For a fixed index, mix is a bijection of
the word: xor with a multiple of the index, then the xor-shifts and the first multiplier of MurmurHash3's finaliser
(Appleby). So one changed word always changes the checksum, and several changed or swapped ones all but surely.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

INDEX_FACTOR = 0x9E3779B1
WORD_FACTOR = 0x85EBCA6B
Checksums = dict[str, int]
"""By the array's name in its tree, keys joined by dots, as Orbax names it."""


def checksums(tree: Any) -> Checksums:
    """Of each array of a tree, all of 4-byte numbers, computed where they lie; all processes call this together."""
    names = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in jax.tree.leaves_with_path(tree)]
    return dict(zip(names, np.asarray(_of_leaves(tree)).tolist(), strict=True))


@jax.jit
def _of_leaves(tree: Any) -> jax.Array:
    return jnp.stack([_of_array(leaf) for leaf in jax.tree.leaves(tree)])


def _of_array(x: jax.Array) -> jax.Array:
    words = jax.lax.bitcast_convert_type(x, jnp.uint32)
    index = jnp.zeros(x.shape, jnp.uint32)
    for axis, stride in enumerate(_strides(x.shape)):
        index += jax.lax.broadcasted_iota(jnp.uint32, x.shape, axis) * np.uint32(stride)
    mixed = words ^ index * np.uint32(INDEX_FACTOR)
    mixed = (mixed ^ mixed >> 16) * np.uint32(WORD_FACTOR)
    return jnp.sum(mixed ^ mixed >> 13, dtype=jnp.uint32)


def block_checksum(block: NDArray[Any], start: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """What a block adds to the checksum of an array: the sum of all blocks', modulo 2^32, is the array's.

    Args:
        block: 4-byte numbers.
        start: place of its first element in the array, an index per axis.
        shape: of the array.
    """
    if not shape:
        return block_checksum(np.atleast_1d(block), (0,), (1,))
    words = np.ascontiguousarray(block).view(np.uint32).reshape(block.shape)
    index = np.zeros(block.shape, np.uint32)
    for axis, (first, stride) in enumerate(zip(start, _strides(shape), strict=True)):
        along = (np.arange(first, first + block.shape[axis], dtype=np.uint64) * stride).astype(np.uint32)
        index += along.reshape([-1] + [1] * (block.ndim - axis - 1))
    index *= np.uint32(INDEX_FACTOR)
    index ^= words
    shifted = index >> np.uint32(16)
    index ^= shifted
    index *= np.uint32(WORD_FACTOR)
    np.right_shift(index, np.uint32(13), out=shifted)
    index ^= shifted
    return int(index.sum(dtype=np.uint64)) % 2**32


def _strides(shape: tuple[int, ...]) -> list[int]:
    """Words between neighbours along each axis in row-major order, modulo 2^32."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * size % 2**32)
    return strides[::-1][: len(shape)]
