"""A split's records by their place in the trainer's order, so that another trainer can read the same sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import index
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from loaders.order import order_key, records_at
from loaders.split import SplitRecords
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import TRAIN_SPLIT, Manifest, Split, load_manifest
from schemas.record_layout import RecordLayout


@dataclass(frozen=True)
class OrderedRecords:
    """Item p is the record that our trainer reads at position p of a stage: a random access source of len(self) items.

    An item is int32 [context_length + 1]: ids [:-1] are the inputs, ids [1:] the targets. Every record's CRC is checked
    whenever it is read. A source may be pickled, shared between threads and used on both sides of a fork. Its repr
    says which data in which order it is, wherever the snapshot lies.
    """

    records: SplitRecords = field(repr=False, compare=False)
    digest: str
    """The snapshot's."""
    dataset: str
    split: str
    seed: int
    stage: str
    epochs: int

    @classmethod
    def open(
        cls,
        snapshot: str,
        dataset: str,
        split: str = TRAIN_SPLIT,
        *,
        seed: int = 42,
        stage: str | None = None,
        epochs: int = 1,
        digest: str | None = None,
    ) -> OrderedRecords:
        """Open a split of a finished snapshot.

        Args:
            snapshot: its directory, local or gs://.
            dataset: which of the snapshot's stages.
            split: `train`, or `validation-` and a language.
            seed: the training plan's; 42 is the plan's default.
            stage: the training plan's name for the stage; left out, the dataset's own, as in a plan.
            epochs: passes over the records, each in its own order.
            digest: the snapshot's digest, if it must be this one.

        Raises:
            CodemillError: there is no such snapshot, dataset or split, or `epochs` is below 1.
            CheckFailed: the snapshot's digest is another.
        """
        if epochs < 1:
            raise CodemillError(f"epochs is {epochs}", "it must be at least 1")
        manifest = load_manifest(snapshot)
        if digest is not None and manifest.digest != digest:
            raise CheckFailed(
                f"{snapshot} has digest {manifest.digest[:16]}..., not {digest[:16]}...",
                "name the right directory, or change `digest` if the new data is meant",
            )
        layout = RecordLayout(manifest.context_length, manifest.id_bytes)
        records = SplitRecords(snapshot, _split(manifest, snapshot, dataset, split), layout)
        return cls(records, manifest.digest, dataset, split, seed, dataset if stage is None else stage, epochs)

    @property
    def ids_per_record(self) -> int:
        """Ids in one item: context length + 1."""
        return self.records.ids_per_record

    def __len__(self) -> int:
        return len(self.records) * self.epochs

    def __getitem__(self, position: SupportsIndex) -> NDArray[np.int32]:
        (item,) = self.__getitems__([position])
        return item

    def __getitems__(self, positions: Sequence[SupportsIndex]) -> list[NDArray[np.int32]]:
        """Several items at once, as PyTorch's loader asks for them."""
        return list(self.read(np.array([index(position) for position in positions], np.int64)))

    # The same by the name under which Grain asks for them.
    _getitems = __getitems__

    def read(self, positions: NDArray[np.int64]) -> NDArray[np.int32]:
        """The items at `positions`, int64 [n], as int32 [n, context_length + 1].

        Raises:
            IndexError: a position is negative, or not below len(self).
            CorruptRecord: naming the shard and the record in it.
        """
        outside = positions[(positions < 0) | (positions >= len(self))]
        if outside.size:
            raise IndexError(f"no position {outside[0]} among {len(self)}")
        purpose = order_key(self.stage, self.split)
        return self.records.read(records_at(positions, max(1, len(self.records)), self.seed, purpose))


def _split(manifest: Manifest, snapshot: str, dataset: str, split: str) -> Split:
    if dataset not in manifest.stages:
        raise CodemillError(
            f"{snapshot} holds no dataset {dataset!r}, only {', '.join(manifest.stages)}", "name one of these"
        )
    splits = manifest.stages[dataset].splits
    if split not in splits:
        raise CodemillError(
            f"{snapshot}: dataset {dataset!r} has no split {split!r}, only {', '.join(splits)}", "name one of these"
        )
    return splits[split]
