"""Keyed 64-bit hashes of document ids: the only source of random choice in a build.

A choice (which split, which shard, which order, which sample) is a pure function of (seed, purpose, stable id), so it
does not depend on worker count, order of arrival, retries or the clock.
"""

from __future__ import annotations

import hashlib

import numpy as np

_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)


def _finalise(x: np.ndarray) -> np.ndarray:
    """The SplitMix64 finaliser (Steele, Lea, Flood 2014): a bijection of 64 bits with full avalanche."""
    x = (x ^ (x >> np.uint64(30))) * _MULTIPLY_1
    x = (x ^ (x >> np.uint64(27))) * _MULTIPLY_2
    hashed: np.ndarray = x ^ (x >> np.uint64(31))
    return hashed


def _key(seed: int, purpose: str) -> np.ndarray:
    digest = hashlib.blake2b(f"codemill:{seed}:{purpose}".encode(), digest_size=16).digest()
    return np.frombuffer(digest, "<u8")


def keyed_hash(seed: int, purpose: str, ids: np.ndarray) -> np.ndarray:
    """Hash ids under (seed, purpose).

    Args:
        seed: the config's seed.
        purpose: what the choice is for; different purposes give independent hashes.
        ids: uint8 [n, 16 or more]; the first 16 bytes of each row count.

    Returns:
        uint64 [n].
    """
    words = np.ascontiguousarray(ids[:, :16]).view("<u8")
    key = _key(seed, purpose)
    return _finalise(_finalise(words[:, 0] ^ key[0]) + words[:, 1] ^ key[1])


def copy_ids(ids: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """What stands in hashes for a document's copies; copy 0 is the document itself.

    Args:
        ids: uint8 [n, 16].
        copies: integers [n], which copy each row is.

    Returns:
        uint8 [n, 16].
    """
    words = np.ascontiguousarray(ids[:, :16]).view("<u8").copy()
    words[:, 1] += copies.astype(np.uint64) * _MULTIPLY_1
    return words.view(np.uint8)


def keyed_order(seed: int, purpose: str, count: int) -> np.ndarray:
    """A keyed permutation of [0, count): the indices sorted by their hash, int64 [count]."""
    key = _key(seed, purpose)
    index = np.arange(count, dtype=np.uint64)
    return np.argsort(_finalise(_finalise(index ^ key[0]) + key[1]), kind="stable")


def draws(hashed: np.uint64, place: int, count: int) -> np.ndarray:
    """Independent draws for a place of a document: uint64 [count], a function of its keyed hash and the place alone."""
    index = np.arange(count, dtype=np.uint64) + np.uint64(count * place)
    return _finalise(hashed + (index + np.uint64(1)) * _MULTIPLY_2)
