"""How often published results of each kind lay inside the model's 90 % range: a dot, its own range, the criterion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aimss.charting import PALETTE
from aimss.normal import wilson
from aimss.report.charts.figure import DataTable, Figure, draw

VERDICTS = {True: "criteria met", False: "criterion not met", None: "no test"}
MET, NOT_MET, NO_TEST = PALETTE[0], PALETTE[1], PALETTE[7]


@dataclass(frozen=True)
class Held:
    """One row of the chart: how many of n lay inside, and whether the criteria were met; None where it is no test.

    within : whether the share alone gave no offence, so that a row that did not meet them failed by its error.
    """

    label: str
    inside: int
    n: int
    met: bool | None
    within: bool


def _row(one: Held) -> dict[str, object]:
    low, high = wilson(one.inside, one.n)
    return {
        "part": f"{one.label} ({one.n})" + (": error too large" if one.met is False and one.within else ""),
        "share": 100 * one.inside / one.n,
        "low": 100 * low,
        "high": 100 * high,
        "how": VERDICTS[one.met],
    }


def held_figure(rows: Sequence[Held], criterion: tuple[float, float], table: DataTable) -> Figure | None:
    """Return the chart; None without a row. criterion : shares (0-1) between which the share inside must lie."""
    if not rows:
        return None
    values = [_row(one) for one in rows]
    least = min(float(str(v["low"])) for v in values)
    start = 10 * math.floor(min(least, 80.0) / 10)
    x = {"type": "quantitative", "scale": {"domain": [start, 100], "nice": False}}
    low, high = (100 * c for c in criterion)
    y = {"field": "part", "type": "nominal", "sort": None}
    kinds = {"domain": list(VERDICTS.values())}
    legend = {"orient": "top", "labelFontSize": 13, "columnPadding": 40, "labelOffset": 6}
    layers: list[dict[str, object]] = [
        {
            "data": {"values": [{"low": low, "high": high}]},
            "mark": {"type": "rect", "color": MET, "opacity": 0.12},
            "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
        },
        {
            "data": {"values": values},
            "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.25, "color": NO_TEST},
            "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": y},
        },
        {
            "data": {"values": values},
            "mark": {"type": "text", "align": "left", "baseline": "bottom", "dy": -7, "fontSize": 13},
            "encoding": {"x": {"datum": start, **x}, "y": y, "text": {"field": "part"}},
        },
        {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {
                "x": {"field": "share", **x},
                "y": y,
                "color": {
                    "field": "how",
                    "type": "nominal",
                    "title": None,
                    "scale": {**kinds, "range": [MET, NOT_MET, NO_TEST]},
                    "legend": legend,
                },
                "shape": {
                    "field": "how",
                    "type": "nominal",
                    "title": None,
                    "scale": {**kinds, "range": ["circle", "triangle-up", "square"]},
                    "legend": legend,
                },
            },
        },
    ]
    return draw(
        {
            "width": 400,
            "height": {"step": 40},
            "layer": layers,
            "encoding": {
                "x": {"axis": {"title": "inside the 90 % range, % of published results", "tickCount": 6}},
                "y": {"axis": None},
            },
        },
        identity="believe-held",
        title="Published results inside the model's 90 % range",
        description=(
            f"For {len(rows)} kinds of published result, the share that lay inside the 90 % predictive interval, with "
            f"its own 95 % interval, beside the criterion of {low:.0f} to {high:.0f} %; colour and shape say whether "
            "that and the criterion of the error were met, as the list does. The table holds the numbers."
        ),
        caption=(
            "In brackets: how many published results. Bar: how far chance alone could move the share (95 % range). "
            f"Shaded: the criterion for it set before scoring, {low:.0f} to {high:.0f} %; more is too wide, less too "
            "narrow. Colour and shape: both criteria, of the range and of the error, as in the list."
        ),
        table=table,
    )
