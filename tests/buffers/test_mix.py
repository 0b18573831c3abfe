import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from buffers.kernel import kernel
from buffers.mix import finalise, fold_multiply

WORDS = st.integers(0, 2**64 - 1)
MASK = 2**64 - 1


@kernel
def fold(a: np.uint64, b: np.uint64) -> np.uint64:
    return fold_multiply(a, b)


@given(WORDS, WORDS)
@example(0, 5)
@example(MASK, MASK)
def test_fold_multiply_is_both_halves_of_the_product(a: int, b: int) -> None:
    product = a * b
    assert int(fold(np.uint64(a), np.uint64(b))) == (product >> 64) ^ (product & MASK)


@given(WORDS)
@example(0)
def test_finalise_is_splitmix64s(x: int) -> None:
    expected = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    expected = ((expected ^ (expected >> 27)) * 0x94D049BB133111EB) & MASK
    assert int(finalise(np.uint64(x))) == expected ^ (expected >> 31)


def test_finalise_golden() -> None:
    # First output of SplitMix64 seeded with 0 (its state is then the increment).
    assert int(finalise(np.uint64(0x9E3779B97F4A7C15))) == 0xE220A8397B1DCDAF
