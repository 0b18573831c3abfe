import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.checkpoints.checksum import INDEX_FACTOR, WORD_FACTOR, block_checksum, checksums


def reference(words: list[int]) -> int:
    total = 0
    for index, word in enumerate(words):
        mixed = word ^ (index * INDEX_FACTOR) % 2**32
        mixed = (mixed ^ mixed >> 16) * WORD_FACTOR % 2**32
        total += mixed ^ mixed >> 13
    return total % 2**32


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30))
def test_is_the_stated_sum(words: list[int]) -> None:
    array = np.array(words, np.uint32)
    assert block_checksum(array, (0,), array.shape) == reference(words)
    assert checksums({"a": jnp.asarray(array.view(np.float32))}) == {"a": reference(words)}


@given(st.integers(0, 6), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_blocks_add_up_in_any_cut(row: int, column: int, seed: int) -> None:
    array = np.random.default_rng(seed).normal(size=(6, 5, 2)).astype(np.float32)
    parts = [
        block_checksum(array[rows, columns], (rows.start, columns.start, 0), array.shape)
        for rows in (slice(0, row), slice(row, 6))
        for columns in (slice(0, column), slice(column, 5))
    ]
    assert sum(parts) % 2**32 == checksums([jnp.asarray(array)])["0"]


def test_a_scalar_and_names_of_a_tree() -> None:
    tree = {"a": (jnp.int32(7), jnp.zeros(3))}
    found = checksums(tree)
    assert found.keys() == {"a.0", "a.1"} and found["a.0"] == reference([7])


def test_changed_and_swapped_words_show() -> None:
    array = np.arange(64, dtype=np.float32).reshape(8, 8)
    whole = block_checksum(array, (0, 0), array.shape)
    for change in ([[0, 1], [1, 0]], [[0, 0], [0, 4]], [[2, 3], [7, 3]]):
        (a, b), (c, d) = change
        other = array.copy()
        other[a, b], other[c, d] = array[c, d], array[a, b]
        assert block_checksum(other, (0, 0), array.shape) != whole
    flipped = array.copy()
    flipped.view(np.uint32)[3, 3] ^= 1
    assert block_checksum(flipped, (0, 0), array.shape) != whole
