"""The alarm: a source or a language that loses too much to deduplication fails the build.

Deduplication changes the mixture; a licence header or a generated stub that swallows a source should be seen before a
model is trained on what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipelines.duplicates.compared import compared_blocks
from pipelines.duplicates.drops import duplicates_path, losses_path
from pipelines.earlier import Earlier
from pipelines.harvest import Block
from pipelines.tables import read_table
from pipelines.workspace import Dataset, read_json
from schemas.config import BuildConfig
from schemas.documents import split_key
from schemas.errors import CheckFailed

NAMED_CLUSTERS = 3


class Loss(NamedTuple):
    """What a source or a language lost."""

    what: str
    documents: int
    dropped: int
    blocks: tuple[Block, ...]
    """Where its documents are."""

    @property
    def share(self) -> float:
        """Of the documents that passed the filters."""
        return self.dropped / max(1, self.documents)


def losses(blocks: Sequence[Block], dataset: Dataset) -> list[Loss]:
    """The loss of each source and of each language, in documents."""
    counted: dict[str, list[int]] = {}
    where: dict[str, list[Block]] = {}
    for block in blocks:
        for language, (documents, dropped) in read_json(losses_path(dataset, block.ordinal)).items():
            for what in (f"source {block.source!r}", f"language {language or 'unknown'!r}"):
                total = counted.setdefault(what, [0, 0])
                total[0] += documents
                total[1] += dropped
                if block not in where.setdefault(what, []):
                    where[what].append(block)
    return [Loss(what, total[0], total[1], tuple(where[what])) for what, total in counted.items()]


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
        f"{count:,} documents like {name}" for name, count in biggest_clusters(worst.blocks, blocks, earlier, dataset)
    )
    raise CheckFailed(
        f"{worst.what} loses {worst.share:.1%} of its {worst.documents:,} documents to deduplication, more than the "
        f"{limit:.1%} of dedup.largest_loss; the biggest clusters: {clusters}",
        "filter such documents out, change the thresholds under dedup.near, or raise dedup.largest_loss",
    )


def biggest_clusters(
    within: Sequence[Block], blocks: Sequence[Block], earlier: Sequence[Earlier], dataset: Dataset
) -> list[tuple[str, int]]:
    """(name of the survivor, documents dropped for it) of the survivors that most documents of some blocks fell to."""
    parts = [read_table(duplicates_path(dataset, block.ordinal), ["kept_key"])["kept_key"] for block in within]
    kept, dropped = np.unique(np.concatenate([part.to_numpy() for part in parts]), return_counts=True)
    compared = compared_blocks(blocks, earlier)
    found = []
    for place in np.lexsort((kept, -dropped))[:NAMED_CLUSTERS]:
        block, row = split_key(int(kept[place]))
        table = read_table(compared[block].table, ["source", "repository", "path"])
        name = {column: table[column][row].as_py() for column in table.column_names}
        found.append((f"{name['source']}: {name['repository']}/{name['path']}", int(dropped[place])))
    return found
