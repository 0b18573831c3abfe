"""A filter rule: one signal, one comparison, one threshold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator

COMPARISONS = ("below", "at_most", "above", "at_least")


class Rule(BaseModel):
    """A document is kept when `signal <comparison> threshold`.

    Exactly one of `below`, `at_most`, `above`, `at_least` is set. `languages` limits the rule (None = every
    language); `thresholds` overrides the value per language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    signal: str
    below: float | None = None
    at_most: float | None = None
    above: float | None = None
    at_least: float | None = None
    languages: tuple[str, ...] | None = None
    thresholds: dict[str, float] = {}

    @model_validator(mode="after")
    def _one_comparison(self) -> Rule:
        given = [c for c in COMPARISONS if getattr(self, c) is not None]
        if len(given) != 1:
            raise ValueError(f"rule {self.name!r} needs exactly one of {', '.join(COMPARISONS)}")
        return self

    @property
    def comparison(self) -> str:
        """Which of the four comparisons this rule makes."""
        return next(c for c in COMPARISONS if getattr(self, c) is not None)

    @property
    def threshold(self) -> float:
        """The value compared with, before any per-language override."""
        value: float = getattr(self, self.comparison)
        return value

    def applies_to(self, language: str) -> bool:
        """Whether documents of a language are judged."""
        return self.languages is None or language in self.languages

    def threshold_for(self, language: str) -> float:
        """The value that documents of a language are compared with."""
        return self.thresholds.get(language, self.threshold)

    @property
    def condition(self) -> str:
        """When it keeps a document of a language it applies to: `longest_line at most 1000, 5000 for json`."""
        own = [f"{threshold:g} for {language}" for language, threshold in sorted(self.thresholds.items())]
        whole = f"{self.signal} {self.comparison.replace('_', ' ')} {self.threshold:g}"
        return ", ".join([whole, *own])
