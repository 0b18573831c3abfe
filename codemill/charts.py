"""Charts as SVG: Vega-Lite's grammar, drawn by its own engine without a browser.

Colours are the variables of a page's style, so that one picture serves the light and the dark page. `standalone` puts
in colours for white paper.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

KEPT, DROPPED, OTHER, REST = "kept", "dropped by this rule", "dropped otherwise", "others"
INKS = {KEPT: "var(--kept)", DROPPED: "var(--dropped)", OTHER: "var(--other)", REST: "var(--other)"}
PAPER = {
    "ink": "#1d2125",
    "soft": "#5b646d",
    "rule": "#e1e2de",
    "kept": "#2a8c6a",
    "dropped": "#c8502f",
    "other": "#b3b8bd",
    **{
        f"line-{number}": colour
        for number, colour in enumerate(
            ("#0072b2", "#d55e00", "#009e73", "#b0568f", "#b98500", "#5b5bb5", "#6b7a1f", "#777777"), 1
        )
    },
}
LINES = tuple(f"var(--line-{number})" for number in range(1, 9))
WIDTH, HEIGHT = 460, 130
_TEXT = {"labelColor": "var(--soft)", "titleColor": "var(--soft)", "labelFontSize": 11, "titleFontSize": 11}
_SHORT = "format(datum.value, '~s')"
"""Labels such as 20k, each by itself: a format is given one unit for the whole axis."""
_CONFIG: dict[str, Any] = {
    "font": "system-ui, sans-serif",
    "aria": False,  # the picture has one label; that of each bar would be most of the file
    "view": {"stroke": None},
    "axis": {
        **_TEXT,
        "titleFontWeight": "normal",
        "gridColor": "var(--rule)",
        "domainColor": "var(--rule)",
        "tickColor": "var(--rule)",
        "tickCount": 5,
    },
    "legend": {**_TEXT, "title": None, "orient": "top", "symbolType": "square", "columnPadding": 18},
    "header": {"labelColor": "var(--soft)", "title": None},
}


@dataclass(frozen=True)
class Bar:
    """A part of a histogram: documents of one kind with a value in [start, end)."""

    start: float
    end: float
    documents: int
    kind: str


@dataclass(frozen=True)
class Point:
    """A value of a line at a place."""

    line: str
    x: float
    y: float


@dataclass(frozen=True)
class Share:
    """A named part of a whole, 0 to 1, in a row of bars."""

    row: str
    name: str
    share: float


def histogram(title: str, label: str, bars: Sequence[Bar], thresholds: Sequence[float] = (), wide: bool = False) -> str:
    """Documents by value, with a dashed line at each threshold.

    Args:
        title: of the horizontal axis, the signal's name.
        label: what a screen reader says of the picture.
        bars: parts of it.
        thresholds: values of the horizontal axis.
        wide: whether the axis is log(1 + value), for values over several orders of magnitude.
    """
    kinds = [kind for kind in INKS if any(bar.kind == kind for bar in bars)]
    x: dict[str, Any] = {"field": "start", "type": "quantitative", "bin": {"binned": True}, "title": title}
    x["axis"] = {"grid": False, "labelExpr": _SHORT}
    if wide:
        top = max([bar.end for bar in bars] + list(thresholds), default=1.0)
        x["scale"] = {"type": "symlog", "nice": False, "domain": [0, top]}
        x["axis"]["values"] = [0] + [10**power for power in range(16) if 10**power <= top]
    # Bars stand before each other, the longest behind, on a scale of roots: beside thousands, a handful is still seen.
    ordered = sorted(bars, key=lambda bar: -bar.documents)
    y = {"field": "documents", "type": "quantitative", "title": "documents", "axis": {"labelExpr": _SHORT}}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": [bar.__dict__ for bar in ordered]},
            "mark": {"type": "bar", "binSpacing": 0.5},
            "encoding": {
                "x": x,
                "x2": {"field": "end"},
                "y": {**y, "stack": None, "scale": {"type": "sqrt"}},
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": kinds, "range": [INKS[kind] for kind in kinds]},
                    "legend": {} if len(kinds) > 1 else None,
                },
            },
        }
    ]
    if thresholds:
        layers.append(
            {
                "data": {"values": [{"at": value} for value in thresholds]},
                "mark": {"type": "rule", "color": "var(--ink)", "strokeDash": [4, 3], "strokeWidth": 1.5},
                "encoding": {"x": {"field": "at", "type": "quantitative"}},
            }
        )
    return svg({"layer": layers}, label)


def lines(title: str, unit: str, label: str, points: Sequence[Point], large: bool = False) -> str:
    """Values over steps, a line each.

    Args:
        title: of the horizontal axis.
        unit: of the vertical axis.
        label: what a screen reader says of the picture.
        points: of all lines.
        large: whether it is the picture that the page is about.
    """
    names = list(dict.fromkeys(point.line for point in points))
    encoding: dict[str, Any] = {
        "x": {"field": "x", "type": "quantitative", "title": title, "axis": {"labelExpr": _SHORT}},
        "y": {"field": "y", "type": "quantitative", "title": unit, "scale": {"zero": False}},
        "color": {
            "field": "line",
            "type": "nominal",
            "scale": {"domain": names, "range": [LINES[i % len(LINES)] for i in range(len(names))]},
            "legend": {"columns": 4, "symbolType": "stroke"} if len(names) > 1 else None,
        },
    }
    mark = {"type": "line", "strokeWidth": 1.8, "point": {"size": 16} if len(points) < 80 * len(names) else False}
    spec = {"data": {"values": [point.__dict__ for point in points]}, "mark": mark, "encoding": encoding}
    return svg({**spec, "width": 2 * WIDTH, "height": 2 * HEIGHT} if large else spec, label)


def shares(label: str, parts: Sequence[Share]) -> str:
    """Rows of bars, each a whole divided in parts that have the same colour in all rows."""
    names = list(dict.fromkeys(part.name for part in parts))
    rows = list(dict.fromkeys(part.row for part in parts))
    order = {name: place for place, name in enumerate(names)}
    spec = {
        "data": {"values": [{**part.__dict__, "place": order[part.name]} for part in parts]},
        "height": {"step": 28},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "row", "type": "nominal", "sort": rows, "title": None, "axis": {"minExtent": 60}},
            "x": {
                "field": "share",
                "type": "quantitative",
                "stack": "zero",
                "title": None,
                "scale": {"domain": [0, 1]},
                "axis": {"format": "%"},
            },
            "color": {
                "field": "name",
                "type": "nominal",
                "scale": {"domain": names, "range": [INKS.get(n, LINES[i % len(LINES)]) for i, n in enumerate(names)]},
                "legend": {"columns": 4},
            },
            "order": {"field": "place", "type": "quantitative"},
        },
    }
    return svg(spec, label)


def svg(spec: Mapping[str, Any], label: str) -> str:
    """A Vega-Lite chart as an SVG element that scales with its place and has one label."""
    import vl_convert

    whole = {"width": WIDTH, "height": HEIGHT, "background": None, "padding": 9, "config": _CONFIG, **spec}
    drawn: str = vl_convert.vegalite_to_svg(whole)
    size = re.search(r'viewBox="0 0 ([\d.]+) ', drawn)
    assert size is not None
    opening = f'<svg role="img" aria-label="{escape(label)}" style="max-width:{float(size[1]):.0f}px" '
    drawn = re.sub(r'^<svg [^>]*?(viewBox="[^"]*")>', lambda found: f"{opening}{found[1]}>", drawn, count=1)
    return re.sub(r' (class="[^"]*"|opacity="1"|pointer-events="none"|stroke-miterlimit="10")', "", drawn)


def standalone(drawn: str) -> str:
    """A picture of `svg` as a file of its own, on white."""
    coloured = re.sub(r"var\(--([\w-]+)\)", lambda found: PAPER[found[1]], drawn)
    opening, rest = coloured.split(">", 1)
    opening = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f'{opening}><rect width="100%" height="100%" fill="white"/>{rest}\n'
