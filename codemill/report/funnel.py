"""From what was read to tokens, per source and per language: the rows of the report's first table."""

from __future__ import annotations

from dataclasses import dataclass

from codemill.report.survey import Survey
from schemas.ledger import Amount, add_amounts, amount_of
from schemas.manifest import Manifest
from schemas.reasons import Outcome

STEPS = (
    Outcome.REJECTED,
    Outcome.FILTERED,
    Outcome.EXACT_DUPLICATE,
    Outcome.NEAR_DUPLICATE,
    Outcome.KEPT,
)
"""What can become of a document that was selected, in the order in which it is decided."""


@dataclass(frozen=True)
class Funnel:
    """A source, or one language of it, from what was selected to tokens."""

    stage: str
    source: str
    language: str
    """Empty for the whole source."""
    read: Amount
    """Without what was not selected; of a language, without what was rejected, for its language is not known."""
    not_selected: Amount
    steps: dict[Outcome, Amount]
    tokens: int
    """Of the kept documents, as often as they are placed."""

    def share(self, step: Outcome) -> float:
        """Of the bytes read, 0 to 1."""
        return self.steps[step].bytes / max(1, self.read.bytes)


def funnels(manifest: Manifest, counted: Survey) -> list[tuple[Funnel, list[Funnel]]]:
    """Each source with its languages, those of most bytes first."""
    found = []
    for row in manifest.ledger.sources:
        steps = _steps({name: amount for name, amount in row.outcomes.items() if name != Outcome.NOT_SELECTED})
        unselected = row.outcomes.get(Outcome.NOT_SELECTED.value, Amount())
        whole = add_amounts(steps.values())
        own = Funnel(row.stage, row.source, "", whole, unselected, steps, row.placed_tokens)
        found.append((own, _languages(row.stage, row.source, counted)))
    return found


def _languages(stage: str, source: str, counted: Survey) -> list[Funnel]:
    languages = sorted({cell.language for cell in counted.documents if cell.source == source})
    found = []
    for language in languages:
        cells = [cell for cell in counted.documents if cell.source == source and cell.language == language]
        amounts = {cell.outcome: Amount(documents=counted.documents[cell], bytes=counted.bytes[cell]) for cell in cells}
        steps = _steps(amounts)
        tokens = sum(counted.tokens[cell] for cell in cells)
        found.append(Funnel(stage, source, language or "unknown", add_amounts(steps.values()), Amount(), steps, tokens))
    return sorted(found, key=lambda row: (-row.read.bytes, row.language))


def _steps(amounts: dict[str, Amount]) -> dict[Outcome, Amount]:
    return {step: amount_of(amounts, step) for step in STEPS}
