"""What her own scans and tests changed: the first strategy forecast with them and without them."""

from __future__ import annotations

from aimss.forecast.plan_document import PlanDocument
from aimss.report.charts.bmd import HEIGHT, WIDTH
from aimss.report.charts.figure import GREY, DataTable, Figure, draw, look
from aimss.report.charts.layers import band, label, line, rows, spread_labels, x_axis
from aimss.report.reading import SITES, TABLE_MONTHS, site_of, t_score_at
from aimss.report.words import interval, number, years


def prior_figure(document: PlanDocument) -> Figure | None:
    """Return the chart at the first site with a scan of hers; None where nothing was conditioned on."""
    prior = document.conditioning.prior
    if prior is None or not document.strategies:
        return None
    first = document.strategies[0]
    shared = [site for site in SITES if site_of(prior, site) and site_of(first, site)]
    scanned = {s.site for s in document.scans}
    site = next((s for s in shared if s in scanned), shared[0] if shared else None)
    before, after = (site_of(prior, site), site_of(first, site)) if site else (None, None)
    if site is None or before is None or after is None:
        return None
    own = look(0).colour
    without, with_her = rows(before.t_score, prior.times_months), rows(after.t_score, first.times_months)
    values = [row[end] for row in (*without, *with_her) for end in ("low", "high")]
    low, high = min(values), max(values)
    last_year = max(without[-1]["year"], with_her[-1]["year"])
    ends = spread_labels([without[-1]["value"], with_her[-1]["value"]], 0.075 * (high - low))
    lines = []
    for month in (0, *TABLE_MONTHS):
        earlier, later = t_score_at(prior, site, month), t_score_at(first, site, month)
        if earlier and later:
            lines.append(
                [
                    "today" if month == 0 else years(month),
                    f"{number(earlier.median)} ({interval(earlier)})",
                    f"{number(later.median)} ({interval(later)})",
                ]
            )
    return draw(
        {
            "width": WIDTH - 40,
            "height": HEIGHT,
            "layer": [
                band(without, "low", "high", GREY, 0.16),
                band(with_her, "low", "high", own, 0.2),
                line(without, GREY, [4, 3], 2),
                line(with_her, own, [1, 0], 2.6),
                label(last_year, ends[0], "without", GREY, 13),
                label(last_year, ends[1], "with", own, 13),
            ],
            "encoding": {
                "x": x_axis(0, last_year),
                "y": {
                    "scale": {"domain": [low, high], "zero": False, "nice": True},
                    "axis": {"title": None, "tickCount": 6},
                },
            },
        },
        identity="prior",
        title=f"T-score at the {SITES[site]} on choice A, without and with your own results",
        description=(
            f"T-score at the {SITES[site]} on “{first.label}” forecast without and with your own results, medians with "
            "90 % bands. The table below the chart holds the numbers."
        ),
        caption="Grey: women like you by age, menopause and drugs alone. Coloured: after your own results were used.",
        table=DataTable(["When", "Without them (90 % range)", "With them (90 % range)"], lines),
    )
