"""The alarm: a source or a language that loses too much to deduplication fails the build.

Deduplication changes the mixture; a licence header or a generated stub that swallows a source should be seen before a
model is trained on what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from pipelines.documents.block import Block
from pipelines.duplicates.compared import compared_blocks, rows_of
from pipelines.duplicates.drops import duplicates_path, losses_path
from pipelines.duplicates.earlier import Earlier
from pipelines.tables import read_table
from pipelines.workspace import Dataset, read_json, read_many
from schemas.config import BuildConfig
from schemas.documents import split_key
from schemas.errors import CheckFailed
from schemas.names import document_name

NAMED_CLUSTERS = 3


class Loss(NamedTuple):
    """What a source, or a language of all sources, lost; the other of the two is None."""

    source: str | None
    language: str | None
    documents: int
    dropped: int

    @property
    def share(self) -> float:
        """Of the documents that passed the filters."""
        return self.dropped / max(1, self.documents)

    @property
    def name(self) -> str:
        """For a message."""
        return f"language {self.language or 'unknown'!r}" if self.source is None else f"source {self.source!r}"


def losses(blocks: Sequence[Block], dataset: Dataset) -> list[Loss]:
    """The loss of each source and of each language, in documents."""
    counted: dict[tuple[str | None, str | None], list[int]] = {}
    counts = read_many(read_json, [losses_path(dataset, block.ordinal) for block in blocks])
    for block, of_block in zip(blocks, counts, strict=True):
        for language, (documents, dropped) in of_block.items():
            for what in ((block.source, None), (None, language)):
                total = counted.setdefault(what, [0, 0])
                total[0] += documents
                total[1] += dropped
    return [Loss(*what, *total) for what, total in counted.items()]


def check_losses(config: BuildConfig, blocks: Sequence[Block], earlier: Sequence[Earlier], dataset: Dataset) -> None:
    """Hold the losses against `dedup.largest_loss`.

    Raises:
        CheckFailed: one is larger; the message names its biggest clusters.
    """
    limit = config.dedup.largest_loss
    if limit is None:
        return
    worst = max(losses(blocks, dataset), key=lambda loss: loss.share, default=None)
    if worst is None or worst.share <= limit:
        return
    clusters = "; ".join(
        f"{count:,} documents like {name}" for name, count in biggest_clusters(worst, blocks, earlier, dataset)
    )
    raise CheckFailed(
        f"{worst.name} loses {worst.share:.1%} of its {worst.documents:,} documents to deduplication, more than the "
        f"{limit:.1%} of dedup.largest_loss; the biggest clusters: {clusters}",
        "filter such documents out, change the thresholds under dedup.near, or raise dedup.largest_loss",
    )


def biggest_clusters(
    loss: Loss, blocks: Sequence[Block], earlier: Sequence[Earlier], dataset: Dataset
) -> list[tuple[str, int]]:
    """(name of the survivor, documents dropped for it) of the survivors that most of a loss fell to."""
    parts = [np.zeros(0, np.uint64)]
    for block in blocks:
        if loss.source in (None, block.source):
            drops = read_table(duplicates_path(dataset, block.ordinal), ["key", "kept_key"])
            kept = drops["kept_key"].to_numpy()
            if loss.language is not None:
                languages = read_table(block.path, ["language"])["language"].fill_null("")
                kept = kept[pc.equal(languages, loss.language).to_numpy()[rows_of(drops["key"].to_numpy())]]
            parts.append(kept)
    survivors, dropped = np.unique(np.concatenate(parts), return_counts=True)
    compared = compared_blocks(blocks, earlier)
    found = []
    for place in np.lexsort((survivors, -dropped))[:NAMED_CLUSTERS]:
        ordinal, row = split_key(int(survivors[place]))
        table = read_table(compared[ordinal].table, ["source", "repository", "path"])
        name = document_name(*(table[column][row].as_py() for column in table.column_names))
        found.append((name, int(dropped[place])))
    return found
