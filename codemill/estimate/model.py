"""From two measured builds to the cost of a larger one: each cost is a line over the amount that drives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import exp, log
from typing import NamedTuple


class Quantity(StrEnum):
    """What is predicted."""

    CPU = "cpu"
    """Seconds of one core."""
    SHUFFLED = "shuffled"
    """Bytes."""
    WORK = "work"
    """Bytes written into the work directory."""
    SNAPSHOT = "snapshot"
    """Bytes written into the snapshot."""


class Amounts(NamedTuple):
    """What a build, or one of its sources, amounts to: one of these drives each cost."""

    text: float = 0.0
    """Bytes of the documents that the harvest takes in."""
    documents: float = 0.0
    compared: float = 0.0
    """Documents that pass the filters."""
    kept: float = 0.0
    """Bytes of the documents that are kept."""
    tokens: float = 0.0
    """Of the kept documents."""
    placed: float = 0.0
    """Tokens, as often as they are in the shards."""
    training: float = 0.0
    """Bytes that a tokenizer is trained on; from here on, of a whole build only."""
    searched: float = 0.0
    """Bytes that the search for duplicates shuffles."""
    builds: float = 0.0
    """1: what drives a cost that does not grow."""

    def times(self, factor: float) -> Amounts:
        """So many times as much of everything."""
        return Amounts(*(value * factor for value in self))


def total(amounts: Iterable[Amounts]) -> Amounts:
    """The sum over sources."""
    return Amounts(*map(sum, zip(Amounts(), *amounts, strict=True)))


class Term(NamedTuple):
    """A part of what a pass costs, and the amount that it grows with."""

    step: str
    quantity: Quantity
    driver: str
    """A field of `Amounts`."""


class Measured(NamedTuple):
    """A build as it was measured."""

    amounts: Amounts
    values: Mapping[Term, float]


def least(one: Measured, other: Measured) -> Measured:
    """Of the same build, measured twice, what it took at least: others on the machine only ever add."""
    return Measured(one.amounts, {term: min(value, other.values[term]) for term, value in one.values.items()})


class Line(NamedTuple):
    """fixed + slope * amount; neither is negative."""

    fixed: float
    slope: float

    def at(self, amount: float) -> float:
        """The value for an amount."""
        return self.fixed + self.slope * amount


def line_through(x: float, y: float, larger_x: float, larger_y: float) -> Line:
    """The line through two measured points, as far as a cost can be one: no amount costs less than nothing.

    It always goes through the second point, of the larger build, which is known better.
    """
    if larger_x <= 0:
        return Line(larger_y, 0.0)
    steepest = larger_y / larger_x
    slope = (larger_y - y) / (larger_x - x) if larger_x > x else steepest
    slope = min(max(slope, 0.0), steepest)
    return Line(max(larger_y - slope * larger_x, 0.0), slope)


def fit(small: Measured, full: Measured) -> dict[Term, Line]:
    """A line for each term of the full sample's build, with the help of a smaller build."""
    return {
        term: line_through(
            getattr(small.amounts, term.driver),
            small.values.get(term, 0.0),
            getattr(full.amounts, term.driver),
            value,
        )
        for term, value in full.values.items()
    }


def predict(lines: Mapping[Term, Line], whole: Amounts) -> dict[Term, float]:
    """Each term's value for a build of other amounts."""
    return {term: line.at(getattr(whole, term.driver)) for term, line in lines.items()}


def scaled(sample: Amounts, size: float, kept_share: float | None) -> Amounts:
    """A whole source, from a sample of it.

    Args:
        sample: what the sample amounts to.
        size: bytes of text of the whole.
        kept_share: share of them that is kept, where it is known better than the sample tells.
    """
    whole = sample.times(size / sample.text) if sample.text else Amounts()
    if kept_share is None or not whole.kept:
        return whole
    more = kept_share * size / whole.kept
    return whole._replace(kept=whole.kept * more, tokens=whole.tokens * more, placed=whole.placed * more)


class Search(NamedTuple):
    """What the search for duplicates shuffles for a document."""

    rows: float
    """Bytes of the rows that every document is compared by."""
    shingles: float
    """Bytes of a document's shingle set, which travels where it may be a near-duplicate."""


def searched(small: Amounts, full: Amounts, whole: Amounts, search: Search) -> float:
    """Bytes that the search for duplicates shuffles in the whole.

    Near-duplicates find each other in pairs, of which a sample holds a smaller share than of documents. How they grow
    between the two builds goes on, by a power of 1 (they lie side by side) to 2 (anywhere), until every document's
    shingles travel once; those of what is dropped do, and as often those of what is kept in its place.
    """

    def beyond_rows(amounts: Amounts) -> float:
        return max(0.0, amounts.searched - search.rows * amounts.compared)

    found, fewer = beyond_rows(full), beyond_rows(small)
    if not found or not whole.compared:
        return search.rows * whole.compared
    power = 2.0
    if fewer and full.compared > small.compared > 0:
        power = log(found / fewer) / log(full.compared / small.compared)
    growth = whole.compared / full.compared
    # In logarithms, since the growth to a corpus's second power may be a large number.
    grown = exp(min(log(found) + min(max(power, 1.0), 2.0) * log(growth), 700.0))
    most = max(search.shingles * whole.compared, found * growth)
    return search.rows * whole.compared + min(grown, most)


def by_step(values: Mapping[Term, float], quantity: Quantity) -> dict[str, float]:
    """A quantity of each pass, in the order in which the passes are named first."""
    found: dict[str, float] = {}
    for term, value in values.items():
        if term.quantity == quantity:
            found[term.step] = found.get(term.step, 0.0) + value
    return found
