"""What became of each document in one snapshot and in the other, as a table of transitions with examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codemill.diff.pairs import Pairs, pair_documents
from codemill.diff.side import Side, in_common_terms, read_names
from schemas.names import document_name

ABSENT = -1
TOTALS = ("lost", "added", "other_content", "other_outcome")
"""Sums over transitions; a document may have both another content and another outcome."""


@dataclass(frozen=True)
class Transition:
    """Documents of a source to which the same happened."""

    source: str
    before: str | None
    """Outcome in A; None where the document is not in A: it was added."""
    after: str | None
    """Outcome in B; None where it is not in B: it was lost."""
    content_changed: bool
    documents: int
    examples: tuple[str, ...]
    """Names of the first ones by public id, which is as good as chance."""


@dataclass(frozen=True)
class Documents:
    """All documents of both snapshots: those that are the same in both, and the others by transition."""

    a: int
    b: int
    unchanged: int
    """In both, with the same content and the same outcome."""
    renewed: int
    """Of those in both, how many come from another revision."""
    transitions: tuple[Transition, ...]
    """By source; the most documents first."""

    @property
    def added(self) -> int:
        """Documents that only B has."""
        return sum(t.documents for t in self.transitions if t.before is None)

    @property
    def lost(self) -> int:
        """Documents that only A has."""
        return sum(t.documents for t in self.transitions if t.after is None)

    @property
    def other_content(self) -> int:
        """Documents in both, with another text."""
        return sum(t.documents for t in self.transitions if t.content_changed)

    @property
    def other_outcome(self) -> int:
        """Documents in both, with another outcome."""
        return sum(t.documents for t in self.transitions if None not in (t.before, t.after) and t.before != t.after)


def compare_documents(a: Side, b: Side, limit: int) -> Documents:
    """Compare two snapshots' documents, with the names of at most `limit` for each transition."""
    a, b = in_common_terms(a, b)
    pairs = pair_documents(a, b)
    moves = _Moves.of(a, b, pairs)
    codes = moves.codes(len(a.fates))
    changed = np.flatnonzero(moves.content | (moves.before != moves.after))
    order = changed[np.lexsort((moves.ids[changed, 1], moves.ids[changed, 0], codes[changed]))]
    kinds, starts, counts = np.unique(codes[order], return_index=True, return_counts=True)
    chosen = [order[start : start + min(limit, count)] for start, count in zip(starts, counts, strict=True)]
    names = _names(a, b, moves, np.concatenate([order[:0], *chosen]))
    found: list[Transition] = []
    at = 0
    for rows, count in zip(chosen, counts.tolist(), strict=True):
        first = order[starts[len(found)]]
        before, after = moves.before[first], moves.after[first]
        found.append(
            Transition(
                source=a.sources[moves.source[first]],
                before=None if before == ABSENT else a.fates[before],
                after=None if after == ABSENT else a.fates[after],
                content_changed=bool(moves.content[first]),
                documents=count,
                examples=tuple(names[at : at + len(rows)]),
            )
        )
        at += len(rows)
    assert len(found) == len(kinds)
    return Documents(
        a=len(a.keys),
        b=len(b.keys),
        unchanged=len(codes) - len(changed),
        renewed=pairs.renewed,
        transitions=tuple(sorted(found, key=_rank)),
    )


def _rank(transition: Transition) -> tuple[str, int, str, str, bool]:
    fates = (transition.before or "", transition.after or "")
    return (transition.source, -transition.documents, *fates, transition.content_changed)


@dataclass(frozen=True)
class _Moves:
    """One entry a document: pairs, then lost ones, then added ones; row -1 is none."""

    row_a: NDArray[np.int64]
    row_b: NDArray[np.int64]
    ids: NDArray[np.uint64]
    source: NDArray[np.int16]
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    content: NDArray[np.bool_]

    @classmethod
    def of(cls, a: Side, b: Side, pairs: Pairs) -> _Moves:
        lost, added = np.full(len(pairs.only_a), ABSENT), np.full(len(pairs.only_b), ABSENT)
        content = (a.contents[pairs.a] != b.contents[pairs.b]).any(axis=1)
        return cls(
            row_a=np.r_[pairs.a, pairs.only_a, added],
            row_b=np.r_[pairs.b, lost, pairs.only_b],
            ids=np.concatenate([a.ids[pairs.a], a.ids[pairs.only_a], b.ids[pairs.only_b]]),
            source=np.r_[a.source[pairs.a], a.source[pairs.only_a], b.source[pairs.only_b]],
            before=np.r_[a.fate[pairs.a], a.fate[pairs.only_a], added.astype(np.int32)],
            after=np.r_[b.fate[pairs.b], lost.astype(np.int32), b.fate[pairs.only_b]],
            content=np.r_[content, np.zeros(len(lost) + len(added), np.bool_)],
        )

    def codes(self, fates: int) -> NDArray[np.int64]:
        """One number for each kind of move."""
        both = (self.before.astype(np.int64) + 1) * (fates + 1) + self.after + 1
        return (self.source * np.int64((fates + 1) ** 2) + both) * 2 + self.content


def _names(a: Side, b: Side, moves: _Moves, entries: NDArray[np.int64]) -> list[str]:
    """The names of some entries, as B has them where it does."""
    names = [""] * len(entries)
    in_b = moves.row_b[entries] != ABSENT
    for side, rows, which in ((b, moves.row_b, np.flatnonzero(in_b)), (a, moves.row_a, np.flatnonzero(~in_b))):
        keys = side.keys[rows[entries[which]]]
        order = np.argsort(keys, kind="stable")
        columns: Sequence[list[str]] = [column.to_pylist() for column in read_names(side, keys[order])]
        for place, repository, path in zip(which[order].tolist(), *columns, strict=True):
            names[place] = document_name(side.sources[moves.source[entries[place]]], repository, path)
    return names
