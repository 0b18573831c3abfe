"""Batches: the rows of a global batch, each read by whichever device holds it.

No process index appears here: the sharding says which rows a process needs, so any number of hosts makes the same
batch of the same bits. The state of the data is one integer, the sequences a stage has consumed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import jax
import numpy as np
from jax.sharding import NamedSharding
from numpy.typing import NDArray


class SequenceSource(Protocol):
    """Anything that gives sequences by their position."""

    def read(self, positions: NDArray[np.int64]) -> NDArray[np.int32]:
        """int32 [n, context_length + 1]."""
        ...


class BatchShape(NamedTuple):
    """Shape of a batch of ids."""

    microbatches: int
    sequences: int
    """In one microbatch."""
    ids: int
    """In one sequence: context length + 1."""

    @property
    def total(self) -> int:
        """Sequences in all microbatches."""
        return self.microbatches * self.sequences


@dataclass(frozen=True)
class Batches:
    """Batches of a stage's sequences, addressed by position."""

    sequences: SequenceSource
    shape: BatchShape
    sharding: NamedSharding

    def at(self, first: int) -> jax.Array:
        """The batch of positions first, first + 1, ...: int32 of `shape`, laid out by `sharding`."""
        read: dict[tuple[tuple[int, int, int], ...], NDArray[np.int32]] = {}

        def rows_of(index: tuple[slice, ...] | None) -> NDArray[np.int32]:
            assert index is not None  # JAX leaves it out for empty arrays only
            ranges = tuple(part.indices(size) for part, size in zip(index, self.shape, strict=True))
            # Devices along the tensor axis ask for the same rows.
            if ranges not in read:
                microbatch, sequence = (np.arange(*part, dtype=np.int64) for part in ranges[:2])
                positions = first + microbatch[:, None] * self.shape.sequences + sequence[None, :]
                ids = self.sequences.read(positions.ravel()).reshape(*positions.shape, self.shape.ids)
                read[ranges] = ids[:, :, index[2]]
            return read[ranges]

        return jax.make_array_from_callback(tuple(self.shape), self.sharding, rows_of)

    def following(self, firsts: Iterable[int]) -> Generator[jax.Array, None, None]:
        """The batches that begin at these positions; the next is read while the device works on the last."""
        with ThreadPoolExecutor(1, thread_name_prefix="batches") as reader:
            waiting = deque[Future[jax.Array]]()
            for first in firsts:
                waiting.append(reader.submit(self.at, first))
                if len(waiting) > 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
