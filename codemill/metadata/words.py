"""Numbers and lists in words, as the pages write them."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.names import printable

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def count(number: int, noun: str = "") -> str:
    """`1,234 documents`; `1 document`."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number != 1 else noun.removesuffix('s')}"


def size(number: int) -> str:
    """Bytes in powers of 1000, with three digits or so."""
    value, unit = float(number), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{number:,} bytes" if unit == 0 else f"{value:.{0 if value >= 99.95 else 1}f} {_UNITS[unit]}"


def share(part: float) -> str:
    """A share in percent; what is not nothing does not look like it, nor does what is not all look like all."""
    if 0 < part < 0.001:
        return "< 0.1 %"
    if 0.999 < part < 1:
        return "> 99.9 %"
    return f"{part:.1%}".replace("%", " %")


def names(values: Iterable[str]) -> str:
    """Names on one line, separated by commas."""
    return ", ".join(printable(value) for value in values)
