"""What-if: other thresholds on the signals that a snapshot stores, without reading any text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

import numpy as np
import pyarrow as pa

from filtering.rules import evaluate, failed_rules
from pipelines.tables import read_table
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from schemas.rules import Rule
from schemas.suggest import did_you_mean
from storage.files import join

CHANGE = re.compile(r"^(?P<rule>[^.=]+)(\.(?P<language>[^.=]+))?=(?P<value>[^=]+)$")
COLUMNS = ("repository", "path", "language", "id", "bytes", "hits")
SHOWN_FILES = 20


@dataclass(frozen=True)
class Change:
    """Another threshold of a rule, for every language or for one."""

    rule: str
    value: float
    language: str | None = None

    def apply(self, rule: Rule) -> Rule:
        """The rule with this threshold; another rule comes back as it is."""
        if rule.name != self.rule:
            return rule
        if self.language is None:
            return rule.model_copy(update={rule.comparison: self.value})
        return rule.model_copy(update={"thresholds": {**rule.thresholds, self.language: self.value}})


@dataclass(frozen=True, order=True)
class Switched:
    """A document that the changed rules judge otherwise; ordered by id, which is as good as chance."""

    id: bytes
    source: str
    name: str
    language: str
    bytes: int
    before: tuple[str, ...]
    """Rules that it fails now; none when it is kept."""
    after: tuple[str, ...]


@dataclass
class Answer:
    """What would change, counted before deduplication: documents that pass or fail the filters."""

    kept_before: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Documents by (source, language)."""
    kept_after: Counter[tuple[str, str]] = field(default_factory=Counter)
    failing_before: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Documents by (source, first failed rule)."""
    failing_after: Counter[tuple[str, str]] = field(default_factory=Counter)
    switched: int = 0
    examples: list[Switched] = field(default_factory=list)


def parse_change(text: str) -> Change:
    """A change as the command line spells it: RULE=VALUE, RULE.threshold=VALUE or RULE.LANGUAGE=VALUE.

    Raises:
        CodemillError: it is none of these.
    """
    match = CHANGE.match(text.strip())
    try:
        if match is None:
            raise ValueError
        value = float(match["value"])
    except ValueError:
        raise CodemillError(
            f"{text!r} is no change of a rule", "write RULE=NUMBER or RULE.LANGUAGE=NUMBER, as in longest_line=2000"
        ) from None
    language = match["language"]
    return Change(match["rule"], value, None if language == "threshold" else language)


def what_if(snapshot: str, manifest: Manifest, changes: Sequence[Change]) -> Answer:
    """Judge every document of a snapshot again.

    Raises:
        CodemillError: no source has a rule of such a name.
    """
    known = sorted({rule.name for rules in manifest.rules.values() for rule in rules})
    for change in changes:
        if change.rule not in known:
            raise CodemillError(
                f"{snapshot}: no source has a filter rule {change.rule!r}{did_you_mean(change.rule, known)}",
                f"its rules are {', '.join(known)}" if known else "its sources have no filter rules",
            )
    changed = {source: _changed(rules, changes) for source, rules in manifest.rules.items()}
    answer = Answer()
    for name in manifest.tables:
        path = join(snapshot, name)
        source = _source_of(path)
        if source is not None:
            _judge(path, source, manifest.rules[source], changed[source], answer)
    return answer


def _changed(rules: Iterable[Rule], changes: Sequence[Change]) -> tuple[Rule, ...]:
    found = tuple(rules)
    for change in changes:
        found = tuple(change.apply(rule) for rule in found)
    return found


def _source_of(path: str) -> str | None:
    """The one source of a document table; None when it is empty."""
    sources = read_table(path, ["source"])["source"]
    return str(sources[0].as_py()) if len(sources) else None


def _judge(path: str, source: str, before: tuple[Rule, ...], after: tuple[Rule, ...], answer: Answer) -> None:
    signals = sorted({rule.signal for rule in after})
    table = read_table(path, [*COLUMNS, *signals])
    old = table["hits"].to_numpy()
    new = evaluate(after, {name: table[name].to_numpy() for name in signals}, table["language"])
    _count(table, source, old, before, answer.kept_before, answer.failing_before)
    _count(table, source, new, after, answer.kept_after, answer.failing_after)
    switched = np.flatnonzero((old == 0) != (new == 0))
    answer.switched += len(switched)
    rows = table.take(pa.array(switched)).to_pylist()
    found = [
        Switched(
            id=row["id"],
            source=source,
            name=f"{row['repository']}/{row['path']}",
            language=row["language"] or "",
            bytes=row["bytes"],
            before=tuple(failed_rules(before, old[at])),
            after=tuple(failed_rules(after, new[at])),
        )
        for row, at in zip(rows, switched, strict=True)
    ]
    answer.examples = nsmallest(SHOWN_FILES, [*answer.examples, *found])


def _count(
    table: pa.Table,
    source: str,
    hits: np.ndarray,
    rules: tuple[Rule, ...],
    kept: Counter[tuple[str, str]],
    failing: Counter[tuple[str, str]],
) -> None:
    languages = table["language"].to_numpy(zero_copy_only=False)
    for language in languages[hits == 0]:
        kept[source, language or ""] += 1
    for found in hits[hits != 0]:
        failing[source, failed_rules(rules, found)[0]] += 1
