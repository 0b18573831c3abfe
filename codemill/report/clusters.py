"""The biggest clusters of duplicates: what was kept, what was dropped for it, and how alike they verifiably are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codemill.report.difference import Difference, side_by_side
from codemill.report.survey import Survey
from codemill.report.texts import read_texts
from codemill.rows import read_rows
from pipelines.tables import read_table
from schemas.documents import document_key, split_key
from schemas.manifest import Manifest
from schemas.names import document_name
from schemas.reasons import Outcome
from storage.files import join

SHOWN = 10
EXAMPLES = 3
_COLUMNS = ["kept_key", "outcome", "id", "jaccard", "containment", "source", "repository", "path"]


@dataclass(frozen=True)
class Member:
    """A dropped document, with the verified similarity of its shingles to the kept one's."""

    name: str
    key: int
    jaccard: float
    containment: float


@dataclass(frozen=True)
class Cluster:
    """A kept document and what was dropped for it."""

    name: str
    exact: int
    near: int
    examples: tuple[Member, ...]
    """The near-duplicates that are least like it."""
    difference: Difference | None
    """Between it and the first example; None where a text is not to be had."""


def biggest_clusters(snapshot: str, manifest: Manifest, work: str | None, counted: Survey) -> list[Cluster]:
    """The clusters with the most near-duplicates, the biggest first."""
    near: Counter[int] = Counter()
    exact: Counter[int] = Counter()
    for (key, outcome), number in counted.dropped.items():
        (near if outcome == Outcome.NEAR_DUPLICATE else exact)[key] += number
    chosen = sorted(near, key=lambda key: (-near[key], key))[:SHOWN]
    if not chosen:
        return []
    members = _members(snapshot, manifest, chosen)
    here = [key for key in chosen if split_key(key)[0] < len(manifest.tables)]
    rows = read_rows(snapshot, manifest, here, ["source", "repository", "path"])
    wanted = [*here, *(members[key][0].key for key in chosen if members[key])]
    texts = read_texts(snapshot, manifest, work, wanted)
    return [
        Cluster(
            name=_name(rows[key]) if key in rows else "a document of an earlier snapshot",
            exact=exact[key],
            near=near[key],
            examples=tuple(members[key]),
            difference=_difference(texts, key, members[key]),
        )
        for key in chosen
    ]


def _members(snapshot: str, manifest: Manifest, chosen: list[int]) -> dict[int, list[Member]]:
    """Some near-duplicates of each chosen document: the least alike, of equally alike ones the lowest id."""
    found: dict[int, list[tuple[float, bytes, Member]]] = {key: [] for key in chosen}
    wanted = pa.array(chosen, pa.uint64())
    for block, name in enumerate(manifest.tables):
        table = read_table(join(snapshot, name), _COLUMNS)
        inside = pc.and_(pc.is_in(table["kept_key"], wanted), pc.equal(table["outcome"], Outcome.NEAR_DUPLICATE.value))
        rows = np.flatnonzero(inside.to_numpy(zero_copy_only=False))
        for row, at in zip(table.take(pa.array(rows)).to_pylist(), rows.tolist(), strict=True):
            member = Member(_name(row), document_key(block, at), row["jaccard"], row["containment"])
            found[row["kept_key"]].append((row["jaccard"], row["id"], member))
    return {key: [member for *_, member in sorted(listed)[:EXAMPLES]] for key, listed in found.items()}


def _difference(texts: dict[int, bytes], key: int, members: list[Member]) -> Difference | None:
    if not members or key not in texts or members[0].key not in texts:
        return None
    return side_by_side(texts[key], texts[members[0].key])


def _name(row: dict[str, Any]) -> str:
    return document_name(row["source"], row["repository"], row["path"])
