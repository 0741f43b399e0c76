"""Bone density at one site over the years, all strategies, with her own scans as points."""

from __future__ import annotations

from typing import Any

from aimss.forecast.plan_document import BmdSeries, PlanDocument, Scan, StrategyForecast
from aimss.report.charts.figure import GREY, DataTable, Figure, draw, look
from aimss.report.charts.layers import X, Y, band, label, line, rows, spread_labels, x_axis
from aimss.report.reading import SITES, TABLE_MONTHS, at, site_of, t_score_at, t_score_scale
from aimss.report.words import interval, number, years

WIDTH, HEIGHT = 430, 250


def past_rows(document: PlanDocument, site: str) -> list[dict[str, float]]:
    """Return her simulated past at a site as T-scores; empty where there is none or no scale can be read."""
    series = document.past.bmd.get(site) if document.past else None  # type: ignore[call-overload]
    first = next((bmd for s in document.strategies if (bmd := site_of(s, site))), None)
    scale = t_score_scale(first) if first else None
    if document.past is None or series is None or scale is None:
        return []
    return [
        {
            "year": month / 12,
            "value": scale.t_score(series.median[i]),
            "low": scale.t_score(series.low90[i]),
            "high": scale.t_score(series.high90[i]),
        }
        for i, month in enumerate(document.past.months)
    ]


def _today_and_scans(scans: list[Scan], top: float) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": [{"year": 0}]},
            "mark": {"type": "rule", "strokeDash": [2, 3], "opacity": 0.55, "color": "currentColor"},
            "encoding": {"x": X},
        },
        {
            "data": {"values": [{"year": 0, "value": top, "text": "today"}]},
            "mark": {"type": "text", "align": "left", "dx": 4, "dy": 6, "fontSize": 12, "opacity": 0.8},
            "encoding": {"x": X, "y": Y, "text": {"field": "text"}},
        },
    ]
    if scans:
        layers.append(
            {
                "data": {"values": [{"year": s.month / 12, "value": s.t_score} for s in scans]},
                "mark": {"type": "point", "filled": True, "size": 62, "color": "currentColor", "opacity": 1},
                "encoding": {"x": X, "y": Y},
            }
        )
    return layers


def _table(drawn: list[tuple[int, StrategyForecast, BmdSeries]], site: str) -> DataTable:
    lines = []
    for index, strategy, bmd in drawn:
        for month in (0, *TABLE_MONTHS):
            score = t_score_at(strategy, site, month)
            grams = at(bmd, strategy.times_months, month)
            change = at(bmd.change_percent, strategy.times_months, month)
            if score and grams and change:
                lines.append(
                    [
                        f"{look(index).letter}  {strategy.label}",
                        "today" if month == 0 else years(month),
                        f"{number(score.median)} ({interval(score)})",
                        f"{number(grams.median, 3)} ({interval(grams, 3)})",
                        f"{number(change.median)} ({interval(change)})",
                    ]
                )
    return DataTable(["Choice", "When", "T-score (90 % range)", "g/cm² (90 % range)", "Change, % (90 % range)"], lines)


def _description(drawn: list[tuple[int, StrategyForecast, BmdSeries]], site: str, last: float, scans: int) -> str:
    first = drawn[0][1]
    start, end = t_score_at(first, site, 0), t_score_at(first, site, last)
    course = ""
    if start and end:
        course = f" On “{first.label}” it goes from {number(start.median)} to {number(end.median)} in {years(last)}."
    return (
        f"T-score at the {SITES[site]} over {years(last)} for {len(drawn)} choices, medians with 90 % bands; "
        f"{scans} of your own scans as points.{course} The table below the chart holds the numbers."
    )


def bmd_figure(document: PlanDocument, site: str) -> Figure | None:
    """Return the chart of one site; None if no strategy forecasts it."""
    drawn = [(i, s, bmd) for i, s in enumerate(document.strategies) if (bmd := site_of(s, site))]
    if not drawn:
        return None
    scans = [s for s in document.scans if s.site == site]
    past = past_rows(document, site)
    courses = [(look(i), rows(bmd.t_score, s.times_months)) for i, s, bmd in drawn]
    first_look, first_rows = courses[0]
    last_year = max(course[-1]["year"] for _, course in courses)
    first_year = min([0.0, *(s.month / 12 for s in scans), *(row["year"] for row in past)])
    values = [row[end] for course in (past, *(c for _, c in courses)) for row in course for end in ("low", "high")]
    values += [s.t_score for s in scans]
    room = 0.04 * (max(values) - min(values)) or 0.1
    low, high = min(values) - room, max(values) + room

    layers = [band(c, "low", "high", style.colour, 0.16 if style == first_look else 0.07) for style, c in courses]
    layers.insert(1, band(first_rows, "low50", "high50", first_look.colour, 0.22))
    if past:
        layers += [band(past, "low", "high", GREY, 0.16), line(past, GREY, [1, 0], 2)]
    layers += [line(c, style.colour, style.dash, 2.6 if style == first_look else 2.2) for style, c in courses]
    ends = spread_labels([c[-1]["value"] for _, c in courses], 0.068 * (high - low))
    layers += [label(last_year, e, style.letter, style.colour) for e, (style, _) in zip(ends, courses, strict=True)]
    layers += _today_and_scans(scans, high)
    return draw(
        {
            "width": WIDTH,
            "height": HEIGHT,
            "layer": layers,
            "encoding": {
                "x": x_axis(first_year - 0.3 if first_year < 0 else 0, last_year),
                "y": {
                    "scale": {"domain": [low, high], "zero": False, "nice": False},
                    "axis": {"title": None, "tickCount": 6},
                },
            },
        },
        identity=f"bmd-{site.replace('_', '-')}",
        title=f"T-score at the {SITES[site]}",
        description=_description(drawn, site, last_year * 12, len(scans)),
        caption="",
        table=_table(drawn, site),
    )
