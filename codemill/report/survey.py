"""One pass over the document tables: everything of the report that has to be counted, in memory that does not grow.

Each table holds documents of one source. What is kept of it are counts, and the few documents that the page will name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from codemill.report.binning import TOKENS, scale_of
from filtering.signals import SIGNALS
from pipelines.tables import read_table
from schemas.documents import document_key
from schemas.manifest import Manifest
from schemas.reasons import Outcome
from schemas.rules import Rule
from storage.files import join

AROUND = 4
"""Documents shown on each side of a threshold."""
SAMPLES = 3
"""Documents shown of each outcome of a source."""
READERS = 4


class Named(NamedTuple):
    """A document that the page names; `order` decides which ones do."""

    order: float
    id: bytes
    key: int
    value: float = 0.0
    outcome: str = ""


class Cell(NamedTuple):
    """Where documents are counted."""

    source: str
    language: str
    outcome: str


@dataclass
class Survey:
    """What was counted. Keys begin with the source."""

    documents: Counter[Cell] = field(default_factory=Counter)
    bytes: Counter[Cell] = field(default_factory=Counter)
    tokens: Counter[Cell] = field(default_factory=Counter)
    """Of kept documents, as often as they are placed."""
    histograms: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    """By (source, signal): int64 [3, bins]: kept, failing a rule on this signal, dropped otherwise."""
    lengths: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    """Tokens of kept documents, by source: int64 [bins]."""
    around: dict[tuple[str, str, bool], list[Named]] = field(default_factory=dict)
    """By (source, rule, whether it fails): the documents nearest to the threshold."""
    samples: dict[tuple[str, str], list[Named]] = field(default_factory=dict)
    """By (source, outcome): the documents of the lowest ids, which are hashes and as good as chance."""
    dropped: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Duplicates by (key of what they were dropped for, outcome)."""
    redacted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What was replaced, by (source, kind)."""
    benchmarks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Documents that share words with a benchmark problem, by (source, problem)."""

    def add(self, other: Survey) -> None:
        """Take in the counts of further tables."""
        for mine, theirs in (
            (self.documents, other.documents),
            (self.bytes, other.bytes),
            (self.tokens, other.tokens),
            (self.dropped, other.dropped),
            (self.redacted, other.redacted),
            (self.benchmarks, other.benchmarks),
        ):
            mine.update(theirs)  # type: ignore[arg-type]
        for key, counts in other.histograms.items():
            self.histograms[key] = self.histograms.get(key, np.zeros_like(counts)) + counts
        for source, lengths in other.lengths.items():
            self.lengths[source] = self.lengths.get(source, np.zeros_like(lengths)) + lengths
        for place, named in other.around.items():
            self.around[place] = nsmallest(AROUND, [*self.around.get(place, []), *named])
        for what, found in other.samples.items():
            self.samples[what] = nsmallest(SAMPLES, [*self.samples.get(what, []), *found])


def survey(snapshot: str, manifest: Manifest) -> Survey:
    """Count a snapshot's documents; a few tables are read at a time."""
    whole = Survey()
    with ThreadPoolExecutor(READERS) as pool:
        ordinals = range(len(manifest.tables))
        for part in pool.map(lambda block: survey_table(snapshot, manifest, block), ordinals):
            whole.add(part)
    return whole


def survey_table(snapshot: str, manifest: Manifest, block: int) -> Survey:
    """Count one document table."""
    table = read_table(join(snapshot, manifest.tables[block]))
    found = Survey()
    if not len(table):
        return found
    source = str(table["source"][0].as_py())
    rules = manifest.rules[source]
    _count_cells(table, source, found)
    hits = table["hits"].to_numpy()
    kept = pc.equal(table["outcome"], Outcome.KEPT.value).to_numpy(zero_copy_only=False)
    fails = [(hits >> np.uint64(bit) & np.uint64(1)).astype(bool) for bit in range(len(rules))]
    values = {
        signal: np.asarray(table[signal].cast(pa.float64()).to_numpy(), np.float64)
        for signal in SIGNALS
        if signal in table.column_names
    }
    for signal, measured in values.items():
        failing = np.zeros(len(table), bool)
        for rule, own in zip(rules, fails, strict=True):
            if rule.signal == signal:
                failing |= own
        scale = scale_of(signal)
        parts = (kept, failing, ~kept & ~failing)
        found.histograms[source, signal] = np.stack([scale.count(measured[part]) for part in parts])
    found.lengths[source] = TOKENS.count(table["tokens"].filter(pa.array(kept)).to_numpy().astype(np.float64))
    order = pc.sort_indices(table["id"]).to_numpy()
    by_id = np.empty(len(order), np.int64)
    by_id[order] = np.arange(len(order))
    for rule, failing in zip(rules, fails, strict=True):
        _find_around(table, block, source, rule, values[rule.signal], failing, by_id, found)
    _choose_samples(table, block, source, order, found)
    duplicates = table.filter(table["kept_key"].is_valid())
    for row in _counts(duplicates, ["kept_key", "outcome"]):
        found.dropped[row["kept_key"], row["outcome"]] += row["count"]
    kinds = pc.struct_field(pc.list_flatten(table["redacted"]), "kind")
    found.redacted.update({(source, row["values"]): row["counts"] for row in pc.value_counts(kinds).to_pylist()})
    problems = pc.struct_field(pc.list_flatten(table["benchmark_matches"]), "problem")
    found.benchmarks.update({(source, row["values"]): row["counts"] for row in pc.value_counts(problems).to_pylist()})
    return found


def distance(rule: Rule, values: NDArray[np.float64], languages: pa.ChunkedArray) -> NDArray[np.float64]:
    """How far each document is from its rule's threshold, relative to it; infinite where the rule does not apply."""
    encoded = pc.fill_null(languages, "").combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    limits = [rule.threshold_for(name) if rule.applies_to(name) else np.nan for name in names]
    thresholds = np.array(limits)[np.asarray(encoded.indices)]
    away = np.abs(values - thresholds) / np.maximum(np.abs(thresholds), 1e-9)
    return np.where(np.isfinite(away), away, np.inf)


def _counts(table: pa.Table, columns: list[str]) -> Iterable[dict[str, Any]]:
    counted = table.select(columns).group_by(columns).aggregate([([], "count_all")])
    yield from counted.rename_columns([*columns, "count"]).to_pylist()


def _count_cells(table: pa.Table, source: str, found: Survey) -> None:
    placed = pc.multiply(pc.cast(table["epochs"], pa.int64()), table["tokens"])
    cells = pa.table(
        {
            "language": pc.fill_null(table["language"], ""),
            "outcome": table["outcome"],
            "bytes": table["bytes"],
            "tokens": pc.fill_null(placed, 0),
        }
    )
    sums = cells.group_by(["language", "outcome"]).aggregate([("bytes", "sum"), ("tokens", "sum"), ([], "count_all")])
    for row in sums.to_pylist():
        cell = Cell(source, row["language"], row["outcome"])
        found.documents[cell] += row["count_all"]
        found.bytes[cell] += row["bytes_sum"]
        found.tokens[cell] += row["tokens_sum"]


def _find_around(
    table: pa.Table,
    block: int,
    source: str,
    rule: Rule,
    values: NDArray[np.float64],
    failing: NDArray[np.bool_],
    by_id: NDArray[np.int64],
    found: Survey,
) -> None:
    """The documents on either side of a threshold that are nearest to it; of equally near ones, those of lowest id."""
    away = distance(rule, values, table["language"])
    for side in (False, True):
        rows = np.flatnonzero((failing == side) & np.isfinite(away))
        rows = rows[np.lexsort((by_id[rows], away[rows]))][:AROUND]
        named = table.select(["id", "outcome"]).take(pa.array(rows)).to_pylist()
        if named:
            found.around[source, rule.name, side] = [
                Named(float(away[row]), name["id"], document_key(block, row), float(values[row]), name["outcome"])
                for row, name in zip(rows.tolist(), named, strict=True)
            ]


def _choose_samples(table: pa.Table, block: int, source: str, order: NDArray[np.int64], found: Survey) -> None:
    outcomes = table["outcome"].combine_chunks().dictionary_encode()
    places = np.asarray(outcomes.indices)
    for number, outcome in enumerate(outcomes.dictionary.to_pylist()):
        rows = order[places[order] == number][:SAMPLES].tolist()
        found.samples[source, outcome] = [
            Named(0.0, table["id"][row].as_py(), document_key(block, row), outcome=outcome) for row in rows
        ]
