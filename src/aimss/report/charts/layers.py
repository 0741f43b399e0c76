"""The Vega-Lite layers that the line charts share: thinned rows, bands, lines, end labels that do not collide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aimss.forecast.plan_document import Series

MAX_POINTS = 61
X: dict[str, Any] = {"field": "year", "type": "quantitative"}
Y: dict[str, Any] = {"field": "value", "type": "quantitative"}


def thin(count: int) -> list[int]:
    """Return at most about `MAX_POINTS` evenly spread positions of a series, its last one always."""
    step = max(1, -(-count // MAX_POINTS))
    return sorted({*range(0, count, step), count - 1})


def rows(series: Series, months: Sequence[float]) -> list[dict[str, float]]:
    """Return a thinned series as chart rows: year, value (the median), low, high, low50, high50."""
    return [
        {
            "year": round(months[i] / 12, 4),
            "value": round(series.median[i], 3),
            "low": round(series.low90[i], 3),
            "high": round(series.high90[i], 3),
            "low50": round(series.low50[i], 3),
            "high50": round(series.high50[i], 3),
        }
        for i in thin(len(months))
    ]


def band(values: Sequence[dict[str, float]], low: str, high: str, colour: str, opacity: float) -> dict[str, Any]:
    """Return a shaded band between two columns."""
    return {
        "data": {"values": values},
        "mark": {"type": "area", "color": colour, "opacity": opacity},
        "encoding": {"x": X, "y": {"field": low, "type": "quantitative"}, "y2": {"field": high}},
    }


def line(values: Sequence[dict[str, float]], colour: str, dash: Sequence[int], width: float) -> dict[str, Any]:
    """Return a line through the medians."""
    return {
        "data": {"values": values},
        "mark": {"type": "line", "color": colour, "strokeDash": list(dash), "strokeWidth": width},
        "encoding": {"x": X, "y": Y},
    }


def label(year: float, value: float, text: str, colour: str, size: int = 14) -> dict[str, Any]:
    """Return a bold word to the right of a point."""
    return {
        "data": {"values": [{"year": year, "value": value, "text": text}]},
        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": size, "fontWeight": 700, "color": colour},
        "encoding": {"x": X, "y": Y, "text": {"field": "text"}},
    }


def x_axis(first_year: float, last_year: float) -> dict[str, Any]:
    """Return the horizontal axis in years from today."""
    return {
        "scale": {"domain": [first_year, last_year], "nice": False},
        "axis": {"title": "years from today", "tickMinStep": 1, "tickCount": 7, "grid": False, "format": "d"},
    }


def spread_labels(positions: Sequence[float], gap: float) -> list[float]:
    """Return the positions moved apart to at least about ``gap``, their order and their middle kept."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    moved = [positions[i] for i in order]
    for _ in range(60):
        for k in range(1, len(moved)):
            lack = gap - (moved[k] - moved[k - 1])
            if lack > 0:
                moved[k - 1] -= lack / 2
                moved[k] += lack / 2
    result = [0.0] * len(positions)
    for place, i in enumerate(order):
        result[i] = moved[place]
    return result
