"""The share of a stage's train tokens that each language of each source has, in two snapshots."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codemill.diff.side import Side


@dataclass(frozen=True)
class StageTokens:
    """Train tokens of a stage, documents counted as often as they are placed."""

    stage: str
    a: int
    b: int


@dataclass(frozen=True)
class Share:
    """A language of a source in its stage."""

    stage: str
    source: str
    language: str
    tokens_a: int
    tokens_b: int
    share_a: float
    share_b: float
    points: float
    """Percentage points that the share is larger in B."""


def compare_tokens(a: Side, b: Side) -> tuple[tuple[StageTokens, ...], tuple[Share, ...]]:
    """Stages by name, and shares in the order of how much they differ."""
    old, new = _by_stage(a), _by_stage(b)
    totals_a, totals_b = _totals(old), _totals(new)
    stages = tuple(StageTokens(name, totals_a[name], totals_b[name]) for name in sorted({*totals_a, *totals_b}))
    shares = [_share(key, old[key], new[key], totals_a[key[0]], totals_b[key[0]]) for key in {*old, *new}]
    return stages, tuple(sorted(shares, key=lambda s: (-abs(s.points), s.stage, s.source, s.language)))


def _share(key: tuple[str, str, str], a: int, b: int, total_a: int, total_b: int) -> Share:
    share_a, share_b = a / max(1, total_a), b / max(1, total_b)
    return Share(*key, a, b, share_a, share_b, 100 * (share_b - share_a))


def _by_stage(side: Side) -> Counter[tuple[str, str, str]]:
    stage_of = {row.source: row.stage for row in side.manifest.ledger.sources}
    return Counter(
        {(stage_of[source], source, language): tokens for (source, language), tokens in side.train_tokens.items()}
    )


def _totals(shares: Counter[tuple[str, str, str]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (stage, _, _), tokens in shares.items():
        totals[stage] += tokens
    return totals
