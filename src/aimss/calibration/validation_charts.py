"""Charts of the validation: predicted against observed by part, whether quantiles hold, how often intervals held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aimss.calibration.filing import PART_NAMES
from aimss.calibration.scores import by_chance, reliability
from aimss.calibration.validation import Scored
from aimss.charting import PALETTE, Spec

LOG_PARTS = ("estradiol", "fractures")  # ratios and shares of a start: even on a logarithm
UNITS = {
    "estradiol": "% of start",
    "fractures": "ratio, or % of women",
    "markers": "change, %",
    "prevalence": "% of women",
    "onset": "% of women",
    "discontinuation": "% of women",
    "pain": "points, 0-10",
}
RELIABLE = {  # line of the reliability plot -> quantities
    "bone density": ("bmd", "t_score"),
    "bone markers": ("ctx", "ntx", "p1np", "bsap"),
    "fractures": ("any_clinical", "hip", "clinical_vertebral", "morphometric_vertebral", "nonvertebral"),
    "joints and stopping": ("joint_symptoms", "pain_change", "discontinuation"),
}
PANELS_ACROSS = 3
RELIABILITY_CAPTION = (
    "Published results below each predicted quantile: on the dashed line where quantiles are right, S-shaped where "
    "intervals are too wide, the other way where too narrow. Shaded: chance alone (90 %), were all results on bone "
    "density independent. Results on joints were fitted with an effect for each study: no test."
)
_HELD = {
    "color": {"domain": ["inside", "missed"], "range": [PALETTE[0], PALETTE[1]]},
    "shape": {"domain": ["inside", "missed"], "range": ["circle", "triangle-up"]},
}


def predicted_against_observed(scored: Sequence[Scored]) -> Spec:
    """Return one panel a part: every result with its 90 % interval, and the line on which they should lie."""
    panels = [_panel(part, [s for s in scored if s.part == part]) for part in PART_NAMES]
    return {
        "concat": [p for p in panels if p],
        "columns": PANELS_ACROSS,
        "spacing": 28,
        "config": {"legend": {"orient": "top", "columnPadding": 30}},
    }


def _panel(part: str, members: Sequence[Scored]) -> Spec:
    # a part may hold results of two kinds (bone density and fractures after denosumab): one scale cannot show both
    told = [(s.target.quantity, s.target.told_as) for s in members]
    bmd = [s for s in members if s.target.quantity == "bmd"]
    members = bmd or list(members)
    if not members:
        return {}
    log = part in LOG_PARTS and all(s.low90 > 0 and s.target.observed > 0 for s in members)
    rows = [
        {
            "observed": s.target.observed,
            "predicted": s.median,
            "low": s.low90,
            "high": s.high90,
            "held": "inside" if s.inside else "missed",
            "what": f"{s.target.study}, month {s.target.month:g}",
        }
        for s in members
    ]
    values = [float(str(r[k])) for r in rows for k in ("observed", "predicted", "low", "high")]
    scale = {"type": "log"} if log else {"zero": False, "nice": True}
    axis = {"tickCount": 5, "grid": not log}
    unit = UNITS.get(part, "change, % (or % a year)" if ("bmd", "percent_per_year") in told else "change, %")
    x = {"field": "observed", "type": "quantitative", "title": f"published, {unit}", "scale": scale,
         "axis": axis}  # fmt: skip
    y: dict[str, Any] = {"type": "quantitative", "title": "predicted", "scale": scale, "axis": axis}
    ends = [{"x": v, "y": v} for v in (min(values), max(values))]
    return {
        "title": {"text": f"{PART_NAMES[part].split(' (')[0]} ({len(rows)})", "fontSize": 11},
        "width": 270,
        "height": 200,
        "layer": [
            {
                "data": {"values": ends},
                "mark": {"type": "line", "color": "currentColor", "opacity": 0.5, "strokeDash": [4, 3], "clip": True},
                "encoding": {"x": {**x, "field": "x"}, "y": {**y, "field": "y"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "rule", "opacity": 0.3},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "size": 40, "opacity": 0.9},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "predicted"},
                    "tooltip": {"field": "what", "type": "nominal"},
                    "color": {"field": "held", "type": "nominal", "title": "90 % interval", "scale": _HELD["color"]},
                    "shape": {"field": "held", "type": "nominal", "title": "90 % interval", "scale": _HELD["shape"]},
                },
            },
        ],
    }


def reliability_plot(scored: Sequence[Scored]) -> Spec:
    """Return how often results lay below each predicted quantile: on the diagonal where the quantiles are right."""
    shares = np.linspace(0, 1, 101)
    lines, band = [], []
    for name, quantities in RELIABLE.items():
        ranks = np.array([s.rank for s in scored if s.target.quantity in quantities])
        if len(ranks):
            seen = reliability(ranks, shares)
            label = f"{name} ({len(ranks)})"
            lines += [
                {"p": 100 * float(p), "seen": 100 * float(v), "of": label} for p, v in zip(shares, seen, strict=True)
            ]
    n = sum(s.target.quantity in RELIABLE["bone density"] for s in scored)
    if n:
        low, high = by_chance(n, shares)
        band = [
            {"p": 100 * float(p), "low": 100 * float(a), "high": 100 * float(b)}
            for p, a, b in zip(shares, low, high, strict=True)
        ]
    whole = {"domain": [0, 100]}
    x = {"field": "p", "type": "quantitative", "title": "predicted quantile, %", "scale": whole}
    y = {"type": "quantitative", "title": "published results below it, %", "scale": whole}
    legend = {"orient": "bottom-right", "labelFontSize": 12}
    return {
        "width": 400,
        "height": 400,
        "layer": [
            {
                "data": {"values": band},
                "mark": {"type": "area", "color": PALETTE[0], "opacity": 0.15},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": [{"p": 0, "seen": 0}, {"p": 100, "seen": 100}]},
                "mark": {"type": "line", "color": "currentColor", "opacity": 0.5, "strokeDash": [4, 3]},
                "encoding": {"x": x, "y": {**y, "field": "seen"}},
            },
            {
                "data": {"values": lines},
                "mark": {"type": "line", "strokeWidth": 2, "interpolate": "step-after"},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "seen"},
                    "color": {"field": "of", "type": "nominal", "title": None, "sort": None, "legend": legend},
                    "strokeDash": {"field": "of", "type": "nominal", "title": None, "sort": None, "legend": legend},
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
            rows.append({"part": f"{name.split(' (')[0]} ({len(members)})", "share": share})
    return {
        "width": 420,
        "padding": {"left": 40, "top": 5, "right": 15, "bottom": 5},  # for fonts wider than the renderer's own
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "bar", "color": PALETTE[0]},
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
