"""Scores over stages as a picture."""

from __future__ import annotations

from collections.abc import Mapping

from codemill.charts import LINES, standalone, svg


def stages_svg(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each score, as a file of SVG.

    Args:
        title: above the plot.
        rows: shares, 0 to 1, by score and then by stage; the stages are the same in all.
    """
    scores = list(rows)
    values = [
        {"score": score, "stage": stage, "share": share}
        for score, by_stage in rows.items()
        for stage, share in by_stage.items()
    ]
    spec = {
        "title": {"text": title, "color": "var(--ink)", "fontWeight": "normal"},
        "width": 420,
        "height": 260,
        "data": {"values": values},
        "mark": {"type": "line", "point": True, "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "stage",
                "type": "nominal",
                "sort": list(next(iter(rows.values()), {})),
                "title": None,
                "axis": {"labelAngle": 0},
            },
            "y": {"field": "share", "type": "quantitative", "title": None, "axis": {"format": ".1~%"}},
            "color": {
                "field": "score",
                "type": "nominal",
                "scale": {"domain": scores, "range": [LINES[i % len(LINES)] for i in range(len(scores))]},
                "legend": {"orient": "right", "symbolType": "stroke"},
            },
        },
    }
    return standalone(svg(spec, title))
