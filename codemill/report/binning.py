"""Bins of histograms, the same for every table of every snapshot, so that counts add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filtering.signals import SIGNALS

UNIT_BINS = 50
WIDE_BINS = 256
PER_OCTAVE = 4


@dataclass(frozen=True)
class Scale:
    """How an axis is divided: [0, 1] evenly, or [0, 2^64) by quarters of octaves of 1 + value."""

    wide: bool

    @property
    def bins(self) -> int:
        """How many there are."""
        return WIDE_BINS if self.wide else UNIT_BINS

    def count(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Values in each bin, int64 [bins]; the first and the last take those outside, none what is no number."""
        finite = np.maximum(values[np.isfinite(values)], 0)
        placed = PER_OCTAVE * np.log2(1 + finite) if self.wide else np.minimum(finite, 1) * UNIT_BINS
        # An edge that was computed may lie a last bit too low.
        index = np.clip(np.floor(placed + 1e-9), 0, self.bins - 1).astype(np.int64)
        return np.bincount(index, minlength=self.bins)

    def edge(self, index: int) -> float:
        """Where a bin begins."""
        return float(2.0 ** (index / PER_OCTAVE) - 1) if self.wide else index / UNIT_BINS


def scale_of(signal: str) -> Scale:
    """Shares and probabilities lie in [0, 1]; lengths, counts and ratios go over orders of magnitude."""
    unit = signal.endswith(("_share", "_probability")) or signal in ("python_parses", "generated_marker", "vendored")
    return Scale(wide=not unit and signal in SIGNALS)


TOKENS = Scale(wide=True)
"""Of tokens per document."""
