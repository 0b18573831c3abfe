from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.pass_at_k import Counts, best_temperatures, mean_pass_at_k, pass_at_k, scores
from schemas.errors import CodemillError

DRAWN = st.integers(1, 10).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@given(DRAWN)
def test_it_is_the_average_over_all_subsets(drawn: tuple[int, int, int]) -> None:
    samples, passed, k = drawn
    subsets = list(combinations([True] * passed + [False] * (samples - passed), k))
    assert pass_at_k(samples, passed, k) == pytest.approx(sum(map(any, subsets)) / len(subsets), abs=1e-12)


@given(DRAWN)
def test_it_grows_with_successes_and_with_tries(drawn: tuple[int, int, int]) -> None:
    samples, passed, k = drawn
    value = pass_at_k(samples, passed, k)
    assert 0 <= value <= 1
    assert passed == samples or pass_at_k(samples, passed + 1, k) > value or value == 1
    assert k == samples or pass_at_k(samples, passed, k + 1) >= value


def test_pass_at_1_is_the_share_that_passed() -> None:
    assert pass_at_k(200, 57, 1) == pytest.approx(57 / 200, rel=1e-13)


def test_no_success_is_0_and_too_few_failures_for_k_are_1() -> None:
    assert pass_at_k(200, 0, 100) == 0.0
    assert pass_at_k(200, 101, 100) == 1.0


def test_large_counts_keep_their_digits() -> None:
    # 1 - C(n - 1, k) / C(n, k) = k / n, of binomials that no float holds.
    assert pass_at_k(100_000, 1, 50_000) == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("k", [0, 6])
def test_fewer_samples_than_k_are_refused(k: int) -> None:
    with pytest.raises(CodemillError, match=f"pass@{k} cannot be estimated from 5 samples; draw at least"):
        pass_at_k(5, 0, k)


def test_the_mean_is_over_problems() -> None:
    assert mean_pass_at_k([Counts(10, 10), Counts(2, 0)], 1) == 0.5


def test_only_what_every_problem_allows_is_scored() -> None:
    assert list(scores([Counts(200, 3), Counts(10, 1)])) == [1, 10]
    assert scores([]) == {}


def test_each_k_has_its_own_best_temperature() -> None:
    found = {0.2: {1: 0.3, 10: 0.4}, 0.6: {1: 0.2, 10: 0.5}, 0.8: {1: 0.3, 10: 0.5}}
    assert best_temperatures(found) == {1: 0.2, 10: 0.6}
