"""A curve in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def draw_curve(values: Sequence[float], width: int = 40) -> str:
    """Draw values as bars between their smallest and largest; more than `width` are thinned evenly."""
    if not values:
        return ""
    count = min(width, len(values))
    thinned = [values[i * (len(values) - 1) // max(1, count - 1)] for i in range(count)]
    low, high = min(thinned), max(thinned)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in thinned)
