"""The page of a snapshot: what was counted and chosen, put into its template."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import yaml

from codemill.charts import REST, Share, shares
from codemill.metadata.kept import count_kept
from codemill.metadata.licences import licence_summary
from codemill.metadata.order import in_order
from codemill.report.clusters import biggest_clusters
from codemill.report.funnel import STEPS, Funnel, funnels
from codemill.report.mixture import Subset, mixture
from codemill.report.page import render
from codemill.report.samples import read_samples
from codemill.report.signals import Judged, judged_signals, measured_signals, token_chart
from codemill.report.survey import Survey, survey
from codemill.rows import read_rows
from pipelines.tables import read_table
from pipelines.workspace import work_directory
from schemas.ledger import Amount, SplitRow, add_amounts
from schemas.manifest import TRAIN_SPLIT, Manifest, Split
from schemas.names import printable
from schemas.reasons import Outcome
from storage.files import join
from storage.listing import list_files

REJECTS_OF_A_REASON = 5
INPUTS = 50
SUBSETS_IN_CHART = 7


@dataclass(frozen=True)
class Total:
    """The snapshot in a few numbers."""

    read: Amount
    kept: Amount
    steps: dict[Outcome, Amount]
    tokens: int
    shards: int
    shard_bytes: int


@dataclass(frozen=True)
class SplitShards:
    """A split's row of the ledger, with its shards."""

    ledger: SplitRow
    split: Split

    @property
    def smallest(self) -> int:
        """Bytes of the smallest shard."""
        return min((shard.bytes for shard in self.split.shards), default=0)

    @property
    def largest(self) -> int:
        """Bytes of the largest shard."""
        return max((shard.bytes for shard in self.split.shards), default=0)


def snapshot_page(snapshot: str, manifest: Manifest, work: str | None = None) -> bytes:
    """The report of a snapshot as HTML.

    Args:
        snapshot: its directory.
        manifest: its manifest.
        work: the build's work directory, beside the snapshot by default; texts of dropped documents are there only.
    """
    manifest = in_order(manifest)  # whether it was just made or read again
    work = work_directory(snapshot) if work is None else work
    there = work if list_files(work, depth=1) else None
    counted = survey(snapshot, manifest)
    rows = funnels(manifest, counted)
    subsets = mixture(snapshot, manifest)
    judged = judged_signals(manifest, counted)
    values: dict[str, Any] = {
        "manifest": manifest,
        "config": yaml.safe_dump(manifest.config, sort_keys=False, allow_unicode=True, width=100),
        "steps": STEPS,
        "total": _total(manifest, [whole for whole, _ in rows]),
        "funnels": rows,
        "reasons": _reasons(manifest),
        "rejects": _rejects(snapshot),
        "judged": judged,
        "names": _names(snapshot, manifest, judged),
        "measured": measured_signals(manifest, counted),
        "clusters": biggest_clusters(snapshot, manifest, there, counted),
        "subsets": subsets,
        "mixture_charts": [
            (stage, _mixture_chart(list(own))) for stage, own in groupby(subsets, lambda row: row.stage)
        ],
        "token_charts": _token_charts(manifest, counted),
        "token_rows": [row for _, languages in rows for row in languages if row.steps[Outcome.KEPT].documents],
        "licences": licence_summary(count_kept(snapshot, manifest)),
        "splits": _splits(manifest),
        "samples": read_samples(snapshot, manifest, there, counted),
        "has_work": there is not None,
        "redacted": sorted(counted.redacted.items()),
        "benchmarks": sorted(counted.benchmarks.items()),
        "inputs": manifest.inputs[:INPUTS],
    }
    return render("snapshot.html.j2", _contents(values), **values)


def _contents(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Sections of the page, those without content left out."""
    sections = [
        ("overview", "Overview", True),
        ("funnel", "Sources to tokens", True),
        ("reasons", "What was left out", True),
        ("signals", "Signals", values["judged"] or values["measured"]),
        ("duplicates", "Duplicates", values["clusters"]),
        ("mixture", "Mixture", True),
        ("tokens", "Tokens", True),
        ("licences", "Licences", values["licences"]),
        ("shards", "Shards and hosts", True),
        ("samples", "Samples", True),
        ("care", "Redaction, benchmarks", values["redacted"] or values["benchmarks"]),
        ("lineage", "Lineage, rebuilding", True),
    ]
    return [(anchor, words) for anchor, words, there in sections if there]


def _total(manifest: Manifest, wholes: list[Funnel]) -> Total:
    steps = {step: add_amounts(whole.steps[step] for whole in wholes) for step in STEPS}
    splits = [split for stage in manifest.stages.values() for split in stage.splits.values()]
    shards = [shard for split in splits for shard in split.shards]
    return Total(
        read=add_amounts(whole.read for whole in wholes),
        kept=steps[Outcome.KEPT],
        steps=steps,
        tokens=sum(row.document_tokens for row in manifest.ledger.splits if row.split == TRAIN_SPLIT),
        shards=len(shards),
        shard_bytes=sum(shard.bytes for shard in shards),
    )


def _reasons(manifest: Manifest) -> list[tuple[str, str, Amount]]:
    left_out = [
        (row.source, name, amount)
        for row in manifest.ledger.sources
        for name, amount in row.outcomes.items()
        if name != Outcome.KEPT
    ]
    return sorted(left_out, key=lambda one: (one[0], -one[2].documents, one[1]))


def _rejects(snapshot: str) -> list[dict[str, Any]]:
    """The first rejects of each reason of each source."""
    table = read_table(join(snapshot, "rejects.parquet"))
    reasons = table.select(["source", "reason"]).group_by(["source", "reason"], use_threads=False).aggregate([])
    found: list[dict[str, Any]] = []
    for pair in sorted(reasons.to_pylist(), key=lambda row: (row["source"], row["reason"])):
        alike = np.flatnonzero(
            (table["source"].to_numpy(zero_copy_only=False) == pair["source"])
            & (table["reason"].to_numpy(zero_copy_only=False) == pair["reason"])
        )
        found += table.take(alike[:REJECTS_OF_A_REASON]).to_pylist()
    return found


def _splits(manifest: Manifest) -> list[SplitShards]:
    order = list(manifest.stages)
    rows = sorted(manifest.ledger.splits, key=lambda row: (order.index(row.stage), row.split != TRAIN_SPLIT, row.split))
    return [SplitShards(row, manifest.stages[row.stage].splits[row.split]) for row in rows]


def _names(snapshot: str, manifest: Manifest, judged: list[Judged]) -> dict[int, str]:
    keys = [named.key for one in judged for named in (*one.holds, *one.fails)]
    rows = read_rows(snapshot, manifest, keys, ["repository", "path"])
    return {key: printable(row["repository"] + "/" + row["path"]) for key, row in rows.items()}


def _mixture_chart(subsets: list[Subset]) -> str:
    """The biggest subsets of a stage, and the rest in one."""
    largest = sorted(subsets, key=lambda row: (-max(row.share_before, row.share_after), row.source, row.name))
    several = len({row.source for row in subsets}) > 1
    parts: list[Share] = []
    for words, share in (("text read", "share_before"), ("tokens", "share_after")):
        for row in largest[:SUBSETS_IN_CHART]:
            name = row.name or "unknown"
            parts.append(Share(words, f"{row.source}: {name}" if several else name, getattr(row, share)))
        rest = sum(getattr(row, share) for row in largest[SUBSETS_IN_CHART:])
        if rest:
            parts.append(Share(words, REST, rest))
    return shares(f"shares of {subsets[0].stage}'s text and tokens", parts)


def _token_charts(manifest: Manifest, counted: Survey) -> list[tuple[str, str]]:
    found = []
    for stage in manifest.stages:
        sources = [row.source for row in manifest.ledger.sources if row.stage == stage]
        own = [counted.lengths[source] for source in sources if source in counted.lengths]
        if own:
            found.append((stage, token_chart(stage, sum(own[1:], own[0]), manifest.context_length)))
    return found
