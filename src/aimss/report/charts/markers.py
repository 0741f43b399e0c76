"""Bone markers in the blood as small multiples, one panel a marker, all strategies."""

from __future__ import annotations

from typing import Any

from aimss.forecast.plan_document import PlanDocument
from aimss.report.charts.figure import DataTable, Figure, draw, look
from aimss.report.charts.layers import Y, label, line, rows, spread_labels, x_axis
from aimss.report.reading import TABLE_MONTHS, at
from aimss.report.words import interval, number, years

MARKERS = {
    "ctx": "CTX (bone being taken away)",
    "p1np": "P1NP (bone being built)",
    "bsap": "BSAP (bone being built)",
    "ntx": "NTX (bone being taken away)",
}
WIDTH, HEIGHT = 205, 130


def _panel(document: PlanDocument, marker: str) -> dict[str, Any] | None:
    courses = [
        (look(i), rows(series.percent_of_start, s.times_months))
        for i, s in enumerate(document.strategies)
        if (series := s.markers.get(marker))  # type: ignore[call-overload]
    ]
    if not courses:
        return None
    values = [0.0, 100.0, *(row["value"] for _, course in courses for row in course)]
    low, high = min(values), max(values)
    last_year = max(course[-1]["year"] for _, course in courses)
    ends = spread_labels([course[-1]["value"] for _, course in courses], 0.11 * (high - low))
    today = {
        "data": {"values": [{"value": 100}]},
        "mark": {"type": "rule", "strokeDash": [2, 3], "opacity": 0.5, "color": "currentColor"},
        "encoding": {"y": Y},
    }
    return {
        "title": {"text": MARKERS[marker], "fontSize": 13, "fontWeight": "normal", "anchor": "start"},
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [
            today,
            *(line(course, style.colour, style.dash, 2) for style, course in courses),
            *(label(last_year, e, style.letter, style.colour, 13) for e, (style, _) in zip(ends, courses, strict=True)),
        ],
        "encoding": {
            "x": x_axis(0, last_year),
            "y": {"scale": {"domain": [low, high], "nice": True}, "axis": {"title": None, "tickCount": 4}},
        },
    }


def markers_figure(document: PlanDocument) -> Figure | None:
    """Return the small multiples; None if no strategy forecasts a marker."""
    panels = {m: p for m in MARKERS if (p := _panel(document, m)) is not None}
    if not panels:
        return None
    lines = []
    for index, strategy in enumerate(document.strategies):
        for marker in panels:
            series = strategy.markers.get(marker)  # type: ignore[call-overload]
            for month in TABLE_MONTHS:
                value = at(series.percent_of_start, strategy.times_months, month) if series else None
                if value:
                    lines.append(
                        [
                            f"{look(index).letter}  {strategy.label}",
                            marker.upper(),
                            years(month),
                            f"{number(value.median, 0)} ({interval(value, 0)})",
                        ]
                    )
    return draw(
        {"concat": list(panels.values()), "columns": 2, "spacing": 26},
        identity="markers",
        title="Bone markers in the blood, % of today",
        description=(
            f"{', '.join(m.upper() for m in panels)} in per cent of today's value for "
            f"{len(document.strategies)} choices, median courses. The table below holds the numbers and their ranges."
        ),
        caption="100 is today's value. Middle courses only; their ranges are in the table.",
        table=DataTable(["Choice", "Marker", "When", "% of today (90 % range)"], lines),
    )
