import hashlib
import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.order import permute, records_at


@given(st.integers(1, 3000), st.integers(0, 2**32 - 1), st.integers(0, 5))
@settings(max_examples=60)
def test_is_a_permutation_of_any_count(count: int, seed: int, epoch: int) -> None:
    image = permute(np.arange(count), count, seed, "nl/train", epoch)
    assert np.array_equal(np.sort(image), np.arange(count))


@given(st.integers(2, 10**12), st.data())
@settings(max_examples=60)
def test_one_index_does_not_depend_on_the_others(count: int, data: st.DataObject) -> None:
    indices = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=8)), np.int64)
    together = permute(indices, count, 7, "x", 0)
    alone = [int(permute(np.array([index]), count, 7, "x", 0)[0]) for index in indices]
    assert together.tolist() == alone
    assert all(0 <= image < count for image in alone)


def test_golden_values() -> None:
    assert permute(np.arange(10), 10, 42, "nl/train", 0).tolist() == GOLDEN


GOLDEN: list[int] = [4, 8, 1, 2, 6, 0, 5, 7, 3, 9]


def test_seed_purpose_and_epoch_each_change_the_order() -> None:
    base = permute(np.arange(500), 500, 1, "nl/train", 0)
    for other in [(2, "nl/train", 0), (1, "multi/train", 0), (1, "nl/train", 1)]:
        # A random permutation has one fixed point in the mean.
        assert (permute(np.arange(500), 500, *other) == base).sum() < 8


def test_neighbours_are_scattered() -> None:
    image = permute(np.arange(4096), 4096, 3, "nl/train", 0)
    assert np.abs(np.diff(image)).mean() > 4096 / 4
    assert abs(np.corrcoef(np.arange(4096), image)[0, 1]) < 0.06


@given(st.integers(1, 40), st.integers(0, 200), st.integers(0, 60))
def test_every_pass_visits_each_record_once(count: int, start: int, length: int) -> None:
    whole = records_at(np.arange(start + length), count, 5, "s")
    assert np.array_equal(records_at(np.arange(start, start + length), count, 5, "s"), whole[start:])
    for epoch in range((start + length) // count):
        assert sorted(whole[epoch * count : (epoch + 1) * count].tolist()) == list(range(count))


def plain_permute(index: int, count: int, keys: list[int]) -> int:
    """The network as the module's docstring and `permute` state it, on Python's integers."""

    def mix(x: int) -> int:
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
        return x ^ x >> 31

    half = max(1, ((count - 1).bit_length() + 1) // 2)
    while True:
        left, right = index >> half, index & 2**half - 1
        for key in keys:
            left, right = right, left ^ mix((right + key) % 2**64) & 2**half - 1
        index = left << half | right
        if index < count:
            return index


@given(st.integers(1, 10**12), st.integers(0, 2**32 - 1), st.data())
def test_is_the_plain_network(count: int, seed: int, data: st.DataObject) -> None:
    indices = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=8))
    digest = hashlib.blake2b(f"codemill:order:{seed}:mono/train:3".encode(), digest_size=48).digest()
    keys = list(struct.unpack("<6Q", digest))
    expected = [plain_permute(index, count, keys) for index in indices]
    assert permute(np.array(indices), count, seed, "mono/train", 3).tolist() == expected
