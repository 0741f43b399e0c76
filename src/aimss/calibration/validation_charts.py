"""Charts of the validation: predicted against observed BMD change, and how often intervals held."""

from __future__ import annotations

from collections.abc import Sequence

from aimss.calibration.validation import PART_NAMES, Scored
from aimss.charting import Spec


def predicted_against_observed(scored: Sequence[Scored]) -> Spec:
    """Return the scatter of BMD targets with their intervals and the line on which they should lie."""
    rows = [
        {
            "observed": s.target.observed,
            "predicted": s.median,
            "low": s.low90,
            "high": s.high90,
            "site": (s.target.site or "").replace("_", " "),
            "held": "inside" if s.inside else "missed",
        }
        for s in scored
        if s.target.quantity == "bmd" and s.target.told_as == "percent_change"
    ]
    values = [r[k] for r in rows for k in ("observed", "predicted")]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    x = {"field": "observed", "type": "quantitative", "title": "published change of BMD, %"}
    y = {"field": "predicted", "type": "quantitative", "title": "predicted, %"}
    return {
        "width": 460,
        "height": 420,
        "layer": [
            {
                "data": {"values": [{"x": low, "y": low}, {"x": high, "y": high}]},
                "mark": {"type": "line", "color": "currentColor", "opacity": 0.5, "strokeDash": [4, 3]},
                "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "rule", "opacity": 0.25},
                "encoding": {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "size": 45, "opacity": 0.9},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"field": "site", "type": "nominal", "title": "site"},
                    "shape": {
                        "field": "held",
                        "type": "nominal",
                        "title": "90 % interval",
                        "scale": {"domain": ["inside", "missed"], "range": ["circle", "triangle-up"]},
                    },
                },
            },
        ],
    }


def coverage_by_part(scored: Sequence[Scored]) -> Spec:
    """Return bars of the share inside the 90 % interval by part, with the line at 90 %."""
    rows = []
    for part, name in PART_NAMES.items():
        members = [s for s in scored if s.part == part]
        if members:
            share = 100 * sum(s.inside for s in members) / len(members)
            rows.append({"part": f"{name} ({len(members)})", "share": share})
    return {
        "width": 420,
        "layer": [
            {
                "data": {"values": rows},
                "mark": "bar",
                "encoding": {
                    "y": {"field": "part", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 420}},
                    "x": {
                        "field": "share",
                        "type": "quantitative",
                        "title": "inside, %",
                        "scale": {"domain": [0, 100]},
                    },
                },
            },
            {
                "data": {"values": [{"at": 90}]},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": "currentColor"},
                "encoding": {"x": {"field": "at", "type": "quantitative"}},
            },
        ],
    }
