"""What went into two snapshots, source by source: documents read, and input units by the hash of their content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.ledger import Amount, SourceRow
from schemas.manifest import Input, Manifest
from schemas.reasons import Outcome


@dataclass(frozen=True)
class SourceInput:
    """A source whose input differs; a source that one of the snapshots lacks counts as empty there.

    A unit is what one worker reads: a file, a range of one, or a slice of a listing that begins with a file.
    """

    source: str
    a: Amount
    """Documents and bytes read."""
    b: Amount
    dropped: dict[str, tuple[int, int]]
    """What was dropped before it became a document, in A and in B: not_selected, and rejected by reason."""
    equal: int
    """Units with the same content."""
    changed: tuple[str, ...]
    """Units of the same place with other content."""
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare_inputs(a: Manifest, b: Manifest) -> tuple[SourceInput, ...]:
    """Sources whose input differs, by name."""
    rows_a, rows_b = ({row.source: row for row in m.ledger.sources} for m in (a, b))
    found = [_compare(name, a, b, rows_a.get(name), rows_b.get(name)) for name in sorted({*rows_a, *rows_b})]
    return tuple(
        source
        for source in found
        if source.a != source.b or source.changed or source.only_a or source.only_b or _differ(source.dropped)
    )


def _compare(name: str, a: Manifest, b: Manifest, row_a: SourceRow | None, row_b: SourceRow | None) -> SourceInput:
    old, new = (_units(unit for unit in m.inputs if unit.source == name) for m in (a, b))
    both = old.keys() & new.keys()
    changed = sorted(unit for unit in both if old[unit] != new[unit])
    early_a, early_b = _dropped(row_a), _dropped(row_b)
    return SourceInput(
        source=name,
        a=row_a.read if row_a else Amount(),
        b=row_b.read if row_b else Amount(),
        dropped={reason: (early_a[reason], early_b[reason]) for reason in sorted({*early_a, *early_b})},
        equal=len(both) - len(changed),
        changed=tuple(changed),
        only_a=tuple(sorted(old.keys() - both)),
        only_b=tuple(sorted(new.keys() - both)),
    )


def _units(inputs: Iterable[Input]) -> dict[str, str]:
    """Place -> content."""
    return {f"{unit.file} [{unit.start}:{unit.end}]": unit.sha256 for unit in inputs}


def _dropped(row: SourceRow | None) -> Counter[str]:
    early = (Outcome.NOT_SELECTED.value, Outcome.REJECTED.because(""))
    return Counter({n: a.documents for n, a in row.outcomes.items() if n.startswith(early)} if row else {})


def _differ(dropped: dict[str, tuple[int, int]]) -> bool:
    return any(before != after for before, after in dropped.values())
