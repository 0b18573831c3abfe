"""Sizes and shares as the command line says them: 64MB, 825GiB, 4.5%."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from schemas.errors import CodemillError

T = TypeVar("T")

_UNITS: dict[str, int] = {"": 1, "b": 1} | {
    f"{letter}{kind}": int(base**power)
    for power, letter in enumerate("kmgtp", 1)
    for kind, base in (("b", 1000), ("ib", 1024))
}


def parse_size(text: str) -> int:
    """Bytes of "825GiB", "64 MB" or "1000".

    Raises:
        CodemillError: it is not a size, or none at all.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    factor = _UNITS.get(found[2].lower()) if found else None
    if found is None or factor is None or float(found[1]) == 0:
        raise CodemillError(f"{text!r} is not a size", "write a number and a unit, as in 64MB or 825GiB")
    return round(float(found[1]) * factor)


def parse_share(text: str) -> float:
    """The number of "4.5%" or "0.045".

    Raises:
        CodemillError: it is not a share between 0 and 1.
    """
    found = re.fullmatch(r"\s*(\d*\.?\d+)\s*(%?)\s*", text)
    share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= share <= 1:
        raise CodemillError(f"{text!r} is not a share", "write it as in 4.5% or 0.045")
    return share


def parse_by_source(
    option: str, values: Sequence[str], sources: Sequence[str], parse: Callable[[str], T]
) -> dict[str, T]:
    """What a repeatable option says of each source: "SOURCE=VALUE".

    Raises:
        CodemillError: one is not of this form, or names no source of the config.
    """
    found: dict[str, T] = {}
    for value in values:
        source, equals, said = value.partition("=")
        if not equals:
            raise CodemillError(f"{option} {value}: names no source", f"write {option} SOURCE={value}")
        if source not in sources:
            raise CodemillError(
                f"{option} {value}: the config has no source {source!r}", f"its sources are {', '.join(sources)}"
            )
        found[source] = parse(said)
    return found


def show_size(size: float) -> str:
    """A size with three digits or so, in powers of 1,000."""
    for unit, factor in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:,.{0 if size >= 100 * factor else 1 if size >= 10 * factor else 2}f} {unit}"
    return f"{size / 1e3:,.1f} kB"
