"""The sequences of a stage by position: one split's records in keyed order, or several splits' in fixed shares.

In a mixture, every `CYCLE` positions hold each part's share of them, rounded, in a keyed order of their own; the
sequences of a part are its records in keyed order, pass after pass. So any position is found by arithmetic, and the
state of the data stays one integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loaders.order import permute, records_at
from loaders.split import SplitRecords

CYCLE = 4096


class Part(NamedTuple):
    """One split of a mixture."""

    name: str
    """Different for each part: the key of its order."""
    records: SplitRecords
    weight: float
    """Share of the sequences, relative to the other parts'."""


class Place(NamedTuple):
    """Where a sequence comes from."""

    part: int
    record: int


class Sequences:
    """An endless run of sequences.

    Args:
        parts: at least one, none of them empty.
        seed: the plan's.
        purpose: key of the order: which split of which stage.
    """

    def __init__(self, parts: Sequence[Part], seed: int, purpose: str) -> None:
        self.parts = tuple(parts)
        self._seed = seed
        self.purpose = purpose
        self.shares = shares_of([part.weight for part in parts])
        """int64 [parts], how many of each `CYCLE` positions."""
        self._starts = np.cumsum(self.shares) - self.shares

    @property
    def ids_per_sequence(self) -> int:
        """Context length + 1."""
        return self.parts[0].records.ids_per_record

    def epochs(self, positions: int) -> list[float]:
        """How many passes over each part's records the first `positions` positions make."""
        return [
            positions * int(share) / CYCLE / len(part.records)
            for share, part in zip(self.shares, self.parts, strict=True)
        ]

    def places(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The part and the record in it of each position, int64 [n] each."""
        if len(self.parts) == 1:
            records = records_at(positions, len(self.parts[0].records), self._seed, self.purpose)
            return np.zeros_like(positions), records
        cycles, slots = np.divmod(positions, CYCLE)
        for cycle in np.unique(cycles):
            chosen = cycles == cycle
            slots[chosen] = permute(slots[chosen], CYCLE, self._seed, f"{self.purpose}/mixture", int(cycle))
        parts = np.searchsorted(self._starts + self.shares, slots, side="right")
        records = np.empty_like(positions)
        for number, part in enumerate(self.parts):
            chosen = parts == number
            within = cycles[chosen] * self.shares[number] + slots[chosen] - self._starts[number]
            records[chosen] = records_at(within, len(part.records), self._seed, f"{self.purpose}/{part.name}")
        return parts, records

    def read(self, positions: NDArray[np.int64]) -> NDArray[np.int32]:
        """The sequences at `positions`, int32 [n, context_length + 1].

        Raises:
            CorruptRecord: naming the shard and the record in it.
        """
        parts, records = self.places(positions)
        if len(self.parts) == 1:
            return self.parts[0].records.read(records)
        ids = np.empty((positions.size, self.ids_per_sequence), np.int32)
        for number, part in enumerate(self.parts):
            chosen = np.flatnonzero(parts == number)
            if chosen.size:
                ids[chosen] = part.records.read(records[chosen])
        return ids


def shares_of(weights: Sequence[float]) -> NDArray[np.int64]:
    """How many of `CYCLE` positions each weight gets, at least one: rounded down, then up where most is missing."""
    wanted = np.array(weights, np.float64) / sum(weights) * CYCLE
    shares = np.maximum(1, np.floor(wanted)).astype(np.int64)
    # Ties go to the earlier part, so that the result depends on nothing else.
    order = np.argsort(shares - wanted, kind="stable")
    missing = CYCLE - int(shares.sum())
    if missing > 0:
        shares[order[:missing]] += 1
    while missing < 0:
        shares[int(np.argmax(shares))] -= 1
        missing += 1
    return shares
