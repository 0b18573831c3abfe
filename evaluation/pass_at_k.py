"""pass@k: the chance that at least one of k samples passes, estimated without bias from n >= k samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.errors import CodemillError

KS = (1, 10, 100)
"""What papers report."""


class Counts(NamedTuple):
    """Samples of one problem."""

    samples: int
    passed: int


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """1 - C(n - c, k) / C(n, k), Chen et al. 2021, section 2.1, as the product that neither overflows nor cancels.

    Args:
        samples: n.
        passed: c.
        k: how many may be tried.

    Raises:
        CodemillError: there are fewer samples than k, of which no estimate without bias exists.
    """
    if not 0 < k <= samples:
        raise CodemillError(f"pass@{k} cannot be estimated from {samples} samples", f"draw at least {max(k, 1)}")
    failing = 1.0
    for n in range(samples - passed + 1, samples + 1):
        failing *= max(0.0, 1.0 - k / n)
    return 1.0 - failing


def mean_pass_at_k(counts: Sequence[Counts], k: int) -> float:
    """The mean over problems, each with its own number of samples; raises as `pass_at_k`."""
    return sum(pass_at_k(samples, passed, k) for samples, passed in counts) / len(counts)


def scores(counts: Sequence[Counts]) -> dict[int, float]:
    """pass@k for each of `KS` that the problem with the fewest samples allows."""
    fewest = min((samples for samples, _ in counts), default=0)
    return {k: mean_pass_at_k(counts, k) for k in KS if k <= fewest}


def best_temperatures(by_temperature: Mapping[float, Mapping[int, float]]) -> dict[int, float]:
    """For each k the temperature of the highest score, the lowest of equal ones: what the CodeGen paper reports."""
    ks = sorted({k for found in by_temperature.values() for k in found})
    return {
        k: min((t for t in by_temperature if k in by_temperature[t]), key=lambda t: (-by_temperature[t][k], t))
        for k in ks
    }
