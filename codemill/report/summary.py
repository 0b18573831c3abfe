"""A snapshot on one screen: what was read, what became of it, and what it feeds."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from schemas.ledger import SourceRow, amount_of
from schemas.manifest import Manifest
from schemas.reasons import Outcome


def print_summary(console: Console, manifest: Manifest, snapshot: str) -> None:
    """Print the funnel per source and the shards per split."""
    console.print(f"\nsnapshot {snapshot}  digest {manifest.digest}", highlight=False)
    funnel = Table(title="documents (MB of text)", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "source"):
        funnel.add_column(name)
    for name in ("read", "not selected", "rejected", "filtered", "exact dup.", "near dup.", "kept", "tokens"):
        funnel.add_column(name, justify="right")
    for row in manifest.ledger.sources:
        funnel.add_row(
            row.stage,
            row.source,
            _amount(row.read.documents, row.read.bytes),
            *(
                _outcome(row, prefix)
                for prefix in (
                    Outcome.NOT_SELECTED,
                    Outcome.REJECTED,
                    Outcome.FILTERED,
                    Outcome.EXACT_DUPLICATE,
                    Outcome.NEAR_DUPLICATE,
                    Outcome.KEPT,
                )
            ),
            f"{row.tokens:,}",
        )
    console.print(funnel)
    reasons = [
        (row.source, name, amount)
        for row in manifest.ledger.sources
        for name, amount in row.outcomes.items()
        if ":" in name
    ]
    if reasons:
        table = Table(title="why", title_justify="left", box=None, pad_edge=False)
        table.add_column("source")
        table.add_column("reason")
        table.add_column("documents (MB)", justify="right")
        for source, name, amount in reasons:
            table.add_row(source, name, _amount(amount.documents, amount.bytes))
        console.print(table)
    shards = Table(title="shards", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "split"):
        shards.add_column(name)
    for name in ("documents", "tokens", "records", "padding", "shards", "feeds hosts"):
        shards.add_column(name, justify="right")
    for split in manifest.ledger.splits:
        entry = manifest.stages[split.stage].splits[split.split]
        shards.add_row(
            split.stage,
            split.split,
            f"{split.documents:,}",
            f"{split.document_tokens:,}",
            f"{split.records:,}",
            f"{split.padding:,}",
            str(len(entry.shards)),
            str(entry.feeds_hosts),
        )
    console.print(shards)


def _outcome(row: SourceRow, outcome: Outcome) -> str:
    found = amount_of(row.outcomes, outcome)
    return _amount(found.documents, found.bytes)


def _amount(documents: int, size: int) -> str:
    return f"{documents:,} ({size / 1e6:,.1f})" if documents else "-"
