"""How likely a fracture is within 5 and 10 years: a dot and its interval for each strategy."""

from __future__ import annotations

from typing import Any

from aimss.forecast.plan_document import PlanDocument
from aimss.report.charts.figure import DataTable, Figure, draw, look
from aimss.report.reading import FRACTURES, TABLE_MONTHS, fracture_at
from aimss.report.words import base_of, of_base, of_base_interval, years

WIDTH, ROW = 190, 30


def _table(document: PlanDocument) -> DataTable:
    rows = []
    for index, strategy in enumerate(document.strategies):
        for kind, plain in FRACTURES.items():
            base = base_of(fracture_at(s, kind, m) for s in document.strategies for m in TABLE_MONTHS)
            for month in TABLE_MONTHS:
                value = fracture_at(strategy, kind, month)
                if value is not None:
                    rows.append(
                        [
                            f"{look(index).letter}  {strategy.label}",
                            plain,
                            years(month),
                            of_base(value, base),
                            of_base_interval(value, base),
                        ]
                    )
    return DataTable(["Choice", "What", "Within", "Of women like you", "90 % range"], rows)


def fracture_figure(
    document: PlanDocument, kind: str = "any_clinical", months: tuple[int, ...] = (60, 120)
) -> Figure | None:
    """Return the chart of one kind of fracture; None if no strategy forecasts it at any of ``months``."""
    panels: list[dict[str, Any]] = []
    letters = [look(i).letter for i in range(len(document.strategies))]
    found = {
        month: [(look(i), v) for i, s in enumerate(document.strategies) if (v := fracture_at(s, kind, month))]
        for month in months
    }
    top = max((100 * v.high for values in found.values() for _, v in values), default=0.0)
    for month, values in found.items():
        if not values:
            continue
        x = {"type": "quantitative", "scale": {"domain": [0, top], "nice": True}}
        layers: list[dict[str, Any]] = []
        for style, value in values:
            row = {
                "s": style.letter,
                "low": 100 * value.low,
                "p": 100 * value.median,
                "high": 100 * value.high,
                "text": f"{100 * value.median:.0f}" if value.median >= 0.01 else "<1",
            }
            y = {"field": "s", "type": "nominal"}
            layers += [
                {
                    "data": {"values": [row]},
                    "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.3, "color": style.colour},
                    "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": y},
                },
                {
                    "data": {"values": [row]},
                    "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1, "color": style.colour},
                    "encoding": {"x": {"field": "p", **x}, "y": y},
                },
                {
                    "data": {"values": [row]},
                    "mark": {"type": "text", "dy": -12, "fontSize": 13, "fontWeight": 600},
                    "encoding": {"x": {"field": "p", **x}, "y": y, "text": {"field": "text"}},
                },
            ]
        panels.append(
            {
                "title": {"text": f"within {years(month)}", "fontSize": 13, "fontWeight": "normal", "anchor": "start"},
                "width": WIDTH,
                "height": {"step": ROW + 8},
                "layer": layers,
                "encoding": {
                    "x": {"axis": {"title": "of 100 women", "tickCount": 4, "grid": True}},
                    "y": {
                        "sort": letters,
                        "axis": {
                            "title": None,
                            "domain": False,
                            "ticks": False,
                            "labelFontWeight": 700,
                            "labelFontSize": 14,
                            "grid": False,
                        },
                    },
                },
            }
        )
    if not panels:
        return None
    definition = next(s.fracture[kind].definition for s in document.strategies if kind in s.fracture)
    return draw(
        {"hconcat": panels, "spacing": 24},
        identity=f"fracture-{kind.replace('_', '-')}",
        title=f"{FRACTURES[kind].capitalize()}, of 100 women like you",
        description=(
            f"Probability of {definition} for {len(document.strategies)} choices, as a dot with its 90 % range. "
            "The table below the chart holds the numbers."
        ),
        caption=f"Counted: {definition}. Dot: middle value; bar: nine in ten virtual women like you.",
        table=_table(document),
    )
