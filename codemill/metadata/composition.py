"""What a snapshot is made of: kept documents by stage, source and language."""

from __future__ import annotations

from dataclasses import dataclass

from codemill.metadata.kept import Kept
from filtering.languages import EXTENSIONS
from filtering.natural_language import CODES
from schemas.manifest import Manifest

PROSE = frozenset(("text", "markdown", "restructuredtext"))
"""Kinds of files that say nothing about the language that they are written in."""


@dataclass(frozen=True)
class Part:
    """The kept documents of one language of a source."""

    stage: str
    source: str
    language: str
    documents: int
    bytes: int
    tokens: int
    share: float
    """Of the stage's tokens, each document counted once."""


def composition(kept: Kept, manifest: Manifest) -> list[Part]:
    """Stages and sources in the order of the ledger, languages by their tokens."""
    stage_of = {row.source: row.stage for row in manifest.ledger.sources}
    order = list(stage_of)
    rows = kept.by("source", "language").to_pylist()
    total: dict[str, int] = {}
    for row in rows:
        total[stage_of[row["source"]]] = total.get(stage_of[row["source"]], 0) + row["tokens"]
    parts = [
        Part(
            stage=(stage := stage_of[row["source"]]),
            source=row["source"],
            language=row["language"],
            documents=row["documents"],
            bytes=row["bytes"],
            tokens=row["tokens"],
            share=row["tokens"] / max(1, total[stage]),
        )
        for row in rows
    ]
    return sorted(parts, key=lambda part: (order.index(part.source), -part.tokens, part.language))


def language_codes(parts: list[Part]) -> list[str]:
    """ISO 639-1 codes of the natural languages, and `code` where there is any; sorted.

    What sources claim about their text is taken as it is.
    """
    languages = {part.language for part in parts}
    code = {"code"} if languages & (set(EXTENSIONS.values()) - PROSE) else set()
    return sorted({CODES[language] for language in languages if language in CODES} | code)
