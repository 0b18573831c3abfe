"""Batches of consecutive positions as a random access source of their own, whole or one host's rows of each."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from loaders.ordered import OrderedRecords
from schemas.errors import CodemillError


@dataclass(frozen=True)
class OrderedBatches:
    """Item k is the batch of positions start + k * sequences, start + k * sequences + 1, ...

    An item is int32 [sequences / hosts, context_length + 1]. Host h of n gets the h-th of n contiguous parts of each
    batch's rows, as our trainer's sharding over the batch axis gives them to devices in their order; all hosts' items k
    concatenated are the global batch, whatever n is. Positions that do not fill a last batch are left out. The state of
    the data is one integer: after k batches, the next position is start + k * sequences.

    Raises:
        CodemillError: the numbers do not make batches.
    """

    records: OrderedRecords
    sequences: int
    """Of the global batch, over all hosts."""
    start: int = 0
    """Position of the first sequence: how many have been consumed."""
    host: int = 0
    hosts: int = 1

    def __post_init__(self) -> None:
        if self.sequences < 1 or self.hosts < 1 or self.sequences % self.hosts:
            raise CodemillError(
                f"a batch of {self.sequences} sequences does not split evenly over {self.hosts} hosts",
                "make `sequences` a multiple of `hosts`, both at least 1",
            )
        if not 0 <= self.host < self.hosts:
            raise CodemillError(f"host {self.host} is not among {self.hosts} hosts", "they count from 0")
        if not 0 <= self.start <= len(self.records):
            raise CodemillError(
                f"start {self.start} is not a position among {len(self.records)}", "raise `epochs` to go on further"
            )

    @property
    def rows(self) -> int:
        """Sequences of one item."""
        return self.sequences // self.hosts

    def __len__(self) -> int:
        return (len(self.records) - self.start) // self.sequences

    def __getitem__(self, number: SupportsIndex) -> NDArray[np.int32]:
        """Batch `number`, from 0.

        Raises:
            IndexError: the number is negative, or not below len(self).
            CorruptRecord: naming the shard and the record in it.
        """
        batch = index(number)
        if not 0 <= batch < len(self):
            raise IndexError(f"no batch {batch} among {len(self)}")
        first = self.start + batch * self.sequences + self.host * self.rows
        return self.records.read(np.arange(first, first + self.rows))
