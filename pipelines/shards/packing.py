"""How each split's documents are packed: as its stage asks, or, held out, one after the other as they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from schemas.config import BuildConfig, FillInTheMiddleConfig
from schemas.keyed_hash import keyed_hash
from schemas.manifest import TRAIN_SPLIT
from tokenization.load import load_tokenizer
from tokenization.packing.best_fit import best_fit
from tokenization.packing.concatenate import concatenate
from tokenization.packing.fill_in_the_middle import FillInTheMiddle
from tokenization.packing.records import Documents, Packed
from tokenization.packing.rewriting import pack_rewritten


class SplitPacking(NamedTuple):
    """How one split is packed."""

    fitted: bool
    by_repository: bool
    middle: FillInTheMiddleConfig | None

    def stride(self, context_length: int) -> int:
        """Places from one packed record to the next: neighbours share one only where documents lie as they are."""
        return context_length + (self.fitted or self.middle is not None)


def packing_of(config: BuildConfig, stage: str, split: str) -> SplitPacking:
    """The packing of a split."""
    if split != TRAIN_SPLIT:
        return SplitPacking(False, False, None)
    found = config.stages[stage]
    return SplitPacking(found.packing == "best_fit", found.order == "repository", found.fill_in_the_middle)


class Packer:
    """Packs shards; the tokenizer is loaded where pieces are rewritten and nowhere else."""

    def __init__(self, config: BuildConfig, separator_id: int, tokenizer_files: str) -> None:
        self._seed = config.seed
        self._length = config.shards.context_length
        self._separator_id = separator_id
        self._tokenizer_files = tokenizer_files
        self._middles: dict[FillInTheMiddleConfig, FillInTheMiddle] = {}

    def pack(self, packing: SplitPacking, documents: Documents, keyed: np.ndarray) -> Packed:
        """Pack a shard's documents.

        Args:
            packing: the split's.
            documents: what to pack.
            keyed: uint8 [documents, 16], what stands for each document in keyed hashes.
        """
        if packing.middle is not None:
            middle = self._middle(packing.middle)
            hashes = keyed_hash(self._seed, "fill in the middle", keyed)
            return pack_rewritten(documents, self._length, self._separator_id, middle, hashes, fitted=packing.fitted)
        pack = best_fit if packing.fitted else concatenate
        return pack(documents, self._length, self._separator_id)

    def _middle(self, config: FillInTheMiddleConfig) -> FillInTheMiddle:
        if config not in self._middles:
            self._middles[config] = FillInTheMiddle(load_tokenizer(self._tokenizer_files), config)
        return self._middles[config]
