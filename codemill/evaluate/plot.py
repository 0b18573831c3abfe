"""Scores over stages as a picture: SVG, written by hand, since a few lines need no library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 152, 24, 40
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's, which the colour-blind can tell apart."""


def stages_svg(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each score.

    Args:
        title: above the plot.
        rows: shares, 0 to 1, by score and then by stage; the stages are the same in all.
    """
    stages = list(next(iter(rows.values()), {}))
    highest = max((share for by_stage in rows.values() for share in by_stage.values()), default=0.0)
    top = _round_up(100 * highest)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        ' font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, _TOP - 8, title),
    ]
    for step in range(5):
        value = top * step / 4
        y = _y(value, top)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{value:g} %", "end"))
    xs = [_x(i, len(stages)) for i in range(len(stages))]
    parts += [_text(x, _HEIGHT - _BOTTOM + 20, stage, "middle") for x, stage in zip(xs, stages, strict=True)]
    for number, (name, by_stage) in enumerate(rows.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        parts += _line(name, xs, [_y(100 * share, top) for share in by_stage.values()], colour, number)
    return "\n".join([*parts, "</svg>", ""])


def _line(name: str, xs: Sequence[float], ys: Sequence[float], colour: str, number: int) -> list[str]:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    legend = _TOP + 16 * number
    return [
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in zip(xs, ys, strict=True)),
        f'<rect x="{_WIDTH - _RIGHT + 16}" y="{legend}" width="10" height="10" fill="{colour}"/>',
        _text(_WIDTH - _RIGHT + 32, legend + 10, name),
    ]


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _x(index: int, count: int) -> float:
    wide = _WIDTH - _LEFT - _RIGHT
    return _LEFT + wide * (index + 0.5) / max(1, count)


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top


def _round_up(value: float) -> float:
    """The next number of per cent that is easy to divide by four."""
    return next((edge for edge in (0.4, 1, 2, 4, 8, 20, 40, 60, 80) if value <= edge), 100)
