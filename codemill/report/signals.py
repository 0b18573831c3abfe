"""Signals shown: the distribution of each, its thresholds, and the documents on either side of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codemill.charts import DROPPED, KEPT, OTHER, Bar, histogram
from codemill.report.binning import TOKENS, Scale, scale_of
from codemill.report.survey import Named, Survey
from filtering.signals import SIGNALS
from schemas.manifest import Manifest
from schemas.rules import Rule

KINDS = (KEPT, DROPPED, OTHER)


@dataclass(frozen=True)
class Judged:
    """A rule of a source: its signal's distribution, and who is nearest to the threshold."""

    source: str
    rule: Rule
    chart: str
    failing: int
    """Documents that fail it, whatever else they fail."""
    holds: tuple[Named, ...]
    fails: tuple[Named, ...]


@dataclass(frozen=True)
class Measured:
    """A signal that no rule of the source judges."""

    source: str
    signal: str
    chart: str


def judged_signals(manifest: Manifest, counted: Survey) -> list[Judged]:
    """Every rule of every source that has documents."""
    found = []
    for source, rules in manifest.rules.items():
        for rule in rules:
            counts = counted.histograms.get((source, rule.signal))
            if counts is None:
                continue
            thresholds = [rule.threshold, *rule.thresholds.values()]
            label = f"documents of {source} by {rule.signal}, with the threshold {rule.threshold:g}"
            found.append(
                Judged(
                    source=source,
                    rule=rule,
                    chart=_chart(rule.signal, label, scale_of(rule.signal), counts, thresholds),
                    failing=int(counts[1].sum()),
                    holds=tuple(counted.around.get((source, rule.name, False), ())),
                    fails=tuple(counted.around.get((source, rule.name, True), ())),
                )
            )
    return found


def measured_signals(manifest: Manifest, counted: Survey) -> list[Measured]:
    """The signals without a rule, source by source; those that have one value only show nothing and are left out."""
    found = []
    for source, rules in manifest.rules.items():
        judged = {rule.signal for rule in rules}
        for signal in SIGNALS:
            counts = counted.histograms.get((source, signal))
            if counts is not None and signal not in judged and np.count_nonzero(counts.sum(axis=0)) > 1:
                label = f"documents of {source} by {signal}"
                found.append(Measured(source, signal, _chart(signal, label, scale_of(signal), counts, [])))
    return found


def token_chart(stage: str, lengths: NDArray[np.int64], context_length: int) -> str:
    """Documents of a stage by their tokens, with a line at the length of a context."""
    counts = np.stack([lengths, np.zeros_like(lengths), np.zeros_like(lengths)])
    return _chart("tokens in a document", f"documents of {stage} by tokens", TOKENS, counts, [context_length])


def _chart(title: str, label: str, scale: Scale, counts: NDArray[np.int64], thresholds: list[float]) -> str:
    bars = [
        Bar(scale.edge(at), scale.edge(at + 1), int(counts[kind, at]), KINDS[kind])
        for kind in range(len(KINDS))
        for at in np.flatnonzero(counts[kind]).tolist()
    ]
    return histogram(title, label, bars, sorted(set(thresholds)), wide=scale.wide)
