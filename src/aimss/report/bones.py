"""The bone part of the page: what its template shows, read from the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aimss.forecast.plan_document import ExitPlan, PlanDocument, StrategyForecast
from aimss.report.charts.bmd import bmd_figure
from aimss.report.charts.figure import Figure, Look, look
from aimss.report.charts.fracture import fracture_figure
from aimss.report.charts.markers import markers_figure
from aimss.report.charts.prior import prior_figure
from aimss.report.reading import FRACTURES, SITES, TABLE_MONTHS, fracture_at, mentions_denosumab, t_score_at
from aimss.report.words import base_of, interval, number, of_base, of_base_interval, years


@dataclass(frozen=True)
class Cell:
    """A middle value and its 90 % range, as text; None where the forecast does not reach."""

    value: str
    range: str


@dataclass(frozen=True)
class Row:
    """One strategy's line of a table."""

    look: Look
    label: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class Group:
    """One outcome: a heading, what it means, and a row a strategy."""

    heading: str
    definition: str
    rows: list[Row]


@dataclass(frozen=True)
class Exit:
    """How the denosumab of one strategy is to be stopped."""

    look: Look
    label: str
    plan: ExitPlan


@dataclass(frozen=True)
class Bones:
    """All that the bone part shows."""

    when: list[str]
    glance: list[Row]
    glance_columns: list[str]
    main: list[Group]
    more: list[Group]
    figures: list[Figure]
    markers: Figure | None
    prior: Figure | None
    exits: list[Exit]
    denosumab: bool
    frax: list[str]


def _t_cell(strategy: StrategyForecast, site: str, month: float) -> Cell | None:
    value = t_score_at(strategy, site, month)
    return Cell(number(value.median), interval(value)) if value else None


def _fracture_cells(document: PlanDocument, kind: str, months: Sequence[float]) -> list[list[Cell | None]]:
    """Return the cells of all strategies on one denominator."""
    values = [[fracture_at(s, kind, m) for m in months] for s in document.strategies]
    base = base_of(v for row in values for v in row)
    return [[Cell(of_base(v, base), of_base_interval(v, base)) if v else None for v in row] for row in values]


def _groups(document: PlanDocument) -> tuple[list[Group], list[Group]]:
    strategies = list(enumerate(document.strategies))
    months = [m for m in TABLE_MONTHS if any(s.times_months[-1] >= m for s in document.strategies)]
    main: list[Group] = []
    more: list[Group] = []
    for site, plain in SITES.items():
        rows = [Row(look(i), s.label, [_t_cell(s, site, m) for m in months]) for i, s in strategies if site in s.bmd]
        if rows:
            group = Group(f"T-score at the {plain}", "", rows)
            (more if site == "femoral_neck" else main).append(group)
    for kind, plain in FRACTURES.items():
        cells = _fracture_cells(document, kind, months)
        rows = [Row(look(i), s.label, cells[i]) for i, s in strategies if kind in s.fracture]
        if rows:
            definition = next(s.fracture[kind].definition for s in document.strategies if kind in s.fracture)
            group = Group(f"{plain.capitalize()}, of women like you", f"Counted: {definition}.", rows)
            (main if kind == "any_clinical" else more).append(group)
    return main, more


def glance(document: PlanDocument) -> tuple[list[str], list[Row]]:
    """Return the columns and rows beside the short answer: T-score in 5 years, any fracture in 5 and 10."""
    last = max((s.times_months[-1] for s in document.strategies), default=0)
    if not document.strategies:
        return [], []
    months = sorted({min(60.0, last), min(120.0, last)})
    sites = [site for site in ("lumbar_spine", "total_hip") if any(site in s.bmd for s in document.strategies)]
    columns = [f"T-score, {SITES[site]}, in {years(months[0])}" for site in sites]
    columns += [f"Any fracture within {years(month)}" for month in months]
    fractures = _fracture_cells(document, "any_clinical", months)
    rows = [
        Row(look(i), s.label, [*(_t_cell(s, site, months[0]) for site in sites), *fractures[i]])
        for i, s in enumerate(document.strategies)
    ]
    return columns, rows


def frax_lines(document: PlanDocument) -> list[str]:
    """Return one sentence a FRAX result of the record, beside what the page says of the fracture that both count."""
    hip = fracture_at(document.strategies[0], "hip", 120.0) if document.strategies else None
    lines = []
    for result in document.record.get("frax") or []:
        given = [
            f"{result[key]:g} of 100 for {words}"
            for key, words in (
                ("major_osteoporotic_percent", "a major osteoporotic fracture"),
                ("hip_percent", "a hip fracture"),
            )
            if result.get(key) is not None
        ]
        of = ", ".join(str(result[key]) for key in ("country", "date") if result.get(key))
        text = f"FRAX in the record{f' ({of})' if of else ''}, within 10 years: {' and '.join(given)}."
        if result.get("hip_percent") is not None and hip:
            ours = f"{of_base(hip, 1000)} ({of_base_interval(hip, 1000)})"
            text += f" The hip is what both count alike: choice A comes to {ours}."
        lines.append(text)
    return lines


def bones(document: PlanDocument) -> Bones | None:
    """Return what the bone part shows; None for a plan without a strategy."""
    if not document.strategies:
        return None
    main, more = _groups(document)
    columns, rows = glance(document)
    figures = [f for site in SITES if (f := bmd_figure(document, site))]
    fracture = fracture_figure(document)
    return Bones(
        when=[years(m) for m in TABLE_MONTHS if any(s.times_months[-1] >= m for s in document.strategies)],
        glance=rows,
        glance_columns=columns,
        main=main,
        more=more,
        figures=[*figures, *([fracture] if fracture else [])],
        markers=markers_figure(document),
        prior=prior_figure(document),
        exits=[
            Exit(look(i), s.label, s.exit_plan) for i, s in enumerate(document.strategies) if s.exit_plan is not None
        ],
        denosumab=mentions_denosumab(document),
        frax=frax_lines(document),
    )
