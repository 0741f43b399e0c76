"""The course of joint pain with the drug and without it."""

from __future__ import annotations

from aimss.forecast.plan_document import PlanDocument
from aimss.report.charts.figure import GREY, DataTable, Figure, draw, look
from aimss.report.charts.layers import band, label, line, spread_labels, thin, x_axis
from aimss.report.words import number

WIDTH, HEIGHT = 560, 240
TOP = 10.0


def joint_course_figure(document: PlanDocument) -> Figure | None:
    """Return the chart; None for a plan without a course of joint pain."""
    data = document.joints or {}
    course = data.get("course")
    if not course:
        return None
    months = course["times_months"]
    drawn = []
    lines = []
    for key, name, colour, dash in (
        ("without_ai", "without the drug", GREY, [5, 3]),
        ("with_ai", "with the drug", look(0).colour, [1, 0]),
    ):
        series = course[key]
        rows = [
            {
                "year": months[i] / 12,
                "value": round(series["median"][i], 3),
                "low": round(series["low90"][i], 3),
                "high": round(series["high90"][i], 3),
            }
            for i in thin(len(months))
        ]
        drawn.append((name, colour, dash, rows))
        lines += [
            [
                name,
                f"month {month:.0f}",
                f"{number(series['median'][i])} ({number(series['low90'][i])} to {number(series['high90'][i])})",
            ]
            for i, month in enumerate(months)
            if round(month) in {0, 3, 6, 12, 24, 36, 60}
        ]
    first, last = drawn[0][3][0]["year"], drawn[0][3][-1]["year"]
    top = min(TOP, max(row["high"] for *_, rows in drawn for row in rows) * 1.05)
    ends = spread_labels([rows[-1]["value"] for *_, rows in drawn], 0.09 * top)
    return draw(
        {
            "width": WIDTH - 130,
            "height": HEIGHT,
            "layer": [
                *(band(rows, "low", "high", colour, 0.16) for _, colour, _, rows in drawn),
                *(line(rows, colour, dash, 2.4) for _, colour, dash, rows in drawn),
                *(label(last, end, name, colour, 13) for end, (name, colour, *_) in zip(ends, drawn, strict=True)),
            ],
            "encoding": {
                "x": x_axis(first, last),
                "y": {"scale": {"domain": [0, top], "nice": True}, "axis": {"title": None, "tickCount": 5}},
            },
        },
        identity="joint-course",
        title=f"Joint pain over time ({data['instrument']})",
        description=(
            f"Joint pain ({data['instrument']}) with the drug and without it, medians with 90 % bands. "
            "The table below the chart holds the numbers."
        ),
        caption="Middle value and the band that holds nine in ten women like you.",
        table=DataTable(["Course", "When", "Pain, 0-10 (90 % range)"], lines),
    )
