"""The ledger: every document, byte and token that went in, and where it went.

Per (stage, source), documents and bytes: `read` equals the sum over all outcomes (kept, not_selected,
rejected:<reason>, filtered:<rule>, exact_duplicate, near_duplicate). Per split: the tokens of the kept documents, as
often as each is placed, the separators and what rewriting adds are the shards' streams, and each id of a stream is
predicted once or comes first: the records' ids less these and the padding are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Amount(_Frozen):
    """Documents and their bytes. A file rejected whole counts as one document of its stored size."""

    documents: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(documents=self.documents + other.documents, bytes=self.bytes + other.bytes)


class SourceRow(_Frozen):
    """One source's documents: what the reader counted, and what became of them."""

    stage: str
    source: str
    read: Amount
    outcomes: dict[str, Amount]
    tokens: int
    """Tokens of the kept documents, separators not counted."""
    placements: int
    """Places of the kept documents in the shards: one each, unless the source has weights."""
    placed_tokens: int
    """Tokens in all these places."""


class SplitRow(_Frozen):
    """One split's tokens, from documents to records."""

    stage: str
    split: str
    documents: int
    document_tokens: int
    rewritten: int
    """What rewriting for filling in the middle added: its special tokens, and the difference that tokenising anew
    makes, which may be negative."""
    separators: int
    """One after each document, and one after each rewritten piece that does not end its document."""
    cut_rewritten: int
    """The latter."""
    records: int
    first_ids: int
    """Ids of the streams that no record predicts: the first of each shard where records overlap. A record that stands
    alone opens with an id that is not of its stream."""
    padding: int
    """Separators that fill records."""


class Ledger(_Frozen):
    """All rows of a build."""

    sources: tuple[SourceRow, ...]
    splits: tuple[SplitRow, ...]

    def imbalances(self, context_length: int) -> list[str]:
        """Every equation that does not hold, in words; empty when the ledger balances."""
        problems: list[str] = []
        for row in self.sources:
            total = add_amounts(row.outcomes.values())
            if total != row.read:
                problems.append(
                    f"{row.stage}/{row.source}: read {row.read.documents} documents, {row.read.bytes} bytes, but "
                    f"accounted for {total.documents} documents, {total.bytes} bytes"
                )
        for split in self.splits:
            if split.separators != split.documents + split.cut_rewritten:
                problems.append(
                    f"{split.stage}/{split.split}: {split.separators} separators stand behind {split.documents} "
                    f"documents and {split.cut_rewritten} rewritten pieces"
                )
            stream = split.document_tokens + split.rewritten + split.separators
            targets = split.records * context_length - split.padding
            if stream != targets + split.first_ids:
                problems.append(
                    f"{split.stage}/{split.split}: the streams hold {stream} ids, but {targets} are predicted and "
                    f"{split.first_ids} come first"
                )
        for stage in sorted({row.stage for row in self.sources}):
            placements = sum(row.placements for row in self.sources if row.stage == stage)
            tokens = sum(row.placed_tokens for row in self.sources if row.stage == stage)
            sharded = [split for split in self.splits if split.stage == stage]
            if placements != sum(split.documents for split in sharded):
                problems.append(
                    f"{stage}: {placements} documents to place, "
                    f"{sum(split.documents for split in sharded)} in the shards"
                )
            placed = sum(split.document_tokens for split in sharded)
            if tokens != placed:
                problems.append(f"{stage}: {tokens} tokens to place, {placed} in the shards")
        return problems


def add_amounts(amounts: Iterable[Amount]) -> Amount:
    """The sum of amounts."""
    return sum(amounts, Amount())


def amount_of(outcomes: Mapping[str, Amount], outcome: str) -> Amount:
    """The sum over an outcome and its details, those that are named like it with a colon and more behind."""
    return add_amounts(a for name, a in outcomes.items() if name == outcome or name.startswith(f"{outcome}:"))


def merge_outcomes(parts: Iterable[Mapping[str, Amount]]) -> dict[str, Amount]:
    """Add outcome tables by name; names sorted, so that the result does not depend on order."""
    total: dict[str, Amount] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, Amount()) + amount
    return dict(sorted(total.items()))
