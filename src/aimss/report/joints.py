"""The joint part of the page: is it the drug, what if she stops, what helps; read from the plan's joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aimss.forecast.plan_document import PlanDocument
from aimss.patient.dates import DAYS_PER_MONTH, PartialDate
from aimss.report.bones import Cell
from aimss.report.charts.figure import Figure
from aimss.report.charts.joint_course import joint_course_figure
from aimss.report.charts.people import people_svg
from aimss.report.reading import Estimate
from aimss.report.words import interval, number, of_base, of_base_interval, plain_field

# The definition of the pictures. Before and early on the drug: what a woman says when asked again. Later almost
# every woman has said so at some time, with the drug or without, and what tells is how much it hurts on a day.
EARLY, LATER = "S-CUM", "GE4"
EARLY_MONTHS = 6.0

REMEDY_STATUS = {
    "fitted": "",
    "open": "open trial: nobody was blinded",
    "assumed error": "its error is assumed, none was printed",
    "no trial": "no trial in this pain",
    "no benefit": "no benefit found",
}

WEIGHED = {"fitted", "open"}


@dataclass(frozen=True)
class People:
    """A hundred women at one month, under one definition."""

    month: int
    definition: str
    svg: str
    with_drug: Cell
    without: Cell


@dataclass(frozen=True)
class Counted:
    """One definition of joint pain: with and without the drug at each month."""

    definition: str
    how: str
    cells: list[tuple[int, Cell, Cell]]


@dataclass(frozen=True)
class Factor:
    """Something that makes reports more likely, as an odds ratio."""

    label: str
    odds_ratio: Cell
    known: bool
    note: str


@dataclass(frozen=True)
class Share:
    """A range of the share of reports that the drug causes, with the kind of evidence behind it."""

    range: str
    evidence: str
    definition: str
    sources: str


@dataclass(frozen=True)
class Remedy:
    """A row of the remedy table."""

    label: str
    effect: Cell | None
    compared_with: str
    response: Cell | None
    certainty: str
    reasons: str
    component: str
    time_to_effect: str
    lasting: str
    burden: str
    dissent: str
    status: str
    sources: str


@dataclass(frozen=True)
class Choice:
    """A row of the table of staying, stopping, pausing and switching; no outcome without the others."""

    label: str
    pain: Cell | None
    on_treatment: Cell | None
    off_treatment: bool
    bone: str
    recurrence: str
    caution: str
    notes: list[str]
    sources: str


@dataclass(frozen=True)
class Joints:
    """All that the joint part shows."""

    instrument: str
    early: bool
    people: list[People]
    counted: list[Counted]
    course: Figure | None
    onset: str
    easing: list[str]
    attributable: list[Share]
    choices: list[Choice]
    remedies: list[Remedy]
    more_remedies: list[Remedy]
    caveats: list[str]
    causes: list[str]
    remedy_caveats: list[str]
    factors: list[Factor]
    not_predictors: list[tuple[str, str]]
    reported: list[Mapping[str, Any]]
    left_out: list[str]
    used: list[str]


def _estimate(value: Mapping[str, float] | None) -> Estimate | None:
    return Estimate(value["median"], value["low90"], value["high90"]) if value else None


def _points(value: Mapping[str, float] | None) -> Cell | None:
    found = _estimate(value)
    return Cell(number(found.median), interval(found)) if found else None


def _chance(value: Mapping[str, float] | None) -> Cell | None:
    found = _estimate(value)
    return Cell(of_base(found), of_base_interval(found)) if found else None


def _people(entry: Mapping[str, Any]) -> People:
    with_drug, without = _estimate(entry["with_ai"]), _estimate(entry["without_ai"])
    assert with_drug is not None
    assert without is not None
    month = int(entry["month"])
    title = (
        f"Of 100 women like you, in {month} months: with the drug {of_base(with_drug)}, without it {of_base(without)}"
    )
    return People(
        month=month,
        definition=str(entry["definition"]),
        svg=people_svg(f"people-{month}", without.median, with_drug.median, title),
        with_drug=Cell(of_base(with_drug), of_base_interval(with_drug)),
        without=Cell(of_base(without), of_base_interval(without)),
    )


def _sources(entry: Mapping[str, Any]) -> str:
    return ", ".join(str(s) for s in entry.get("sources") or [])


def _share(entry: Mapping[str, Any]) -> Share:
    low, high = f"{100 * entry['low']:.0f}", f"{100 * entry['high']:.0f}"
    return Share(
        f"{low} to {high} of 100 reports", str(entry["evidence"]), str(entry.get("definition") or ""), _sources(entry)
    )


def _remedy(entry: Mapping[str, Any]) -> Remedy:
    def text(key: str) -> str:
        return str(entry.get(key) or "")

    return Remedy(
        label=str(entry["label"]),
        effect=_points(entry.get("specific_effect")),
        compared_with=text("compared_with"),
        response=_points(entry.get("with_placebo_response")),
        certainty=text("certainty"),
        reasons=text("certainty_reasons"),
        component=text("component"),
        time_to_effect=text("time_to_effect"),
        lasting=text("lasting"),
        burden=text("burden"),
        dissent=text("dissent"),
        status=REMEDY_STATUS.get(text("status"), text("status")),
        sources=_sources(entry),
    )


def _choice(entry: Mapping[str, Any]) -> Choice:
    notes = [str(note) for note in entry.get("notes") or []]
    # The first sentence of a note about evidence stays beside the figure it limits; the rest folds away.
    cautions = [note.split(". ")[0].rstrip(".") + "." for note in notes if note.startswith(("No ", "How fast"))]
    return Choice(
        label=str(entry["label"]),
        pain=_points(entry.get("pain_12_months")),
        on_treatment=_chance(entry.get("on_ai_12_months")),
        off_treatment="on_ai_12_months" in entry and entry["on_ai_12_months"] is None,
        bone=str(entry.get("bone") or ""),
        recurrence=str(entry.get("recurrence") or ""),
        caution=" ".join(cautions),
        notes=notes,
        sources=_sources(entry),
    )


def pictured(document: PlanDocument) -> str:
    """Return the code of the definition that the pictures and the short answer use."""
    drug = document.record.get("aromatase_inhibitor") or {}
    if drug.get("status") != "current" or not drug.get("start"):
        return EARLY
    start, today = (PartialDate.parse(str(day)) for day in (drug["start"], document.record["record_date"]))
    return LATER if (today - start).days > EARLY_MONTHS * DAYS_PER_MONTH else EARLY


def _counted(entries: list[Mapping[str, Any]], shown: str) -> list[Counted]:
    """Return the definitions that are not pictured, each over its months."""
    found: dict[str, Counted] = {}
    for entry in entries:
        if entry["code"] == shown:
            continue
        people = _people(entry)
        row = found.setdefault(entry["code"], Counted(people.definition, str(entry.get("counted") or ""), []))
        row.cells.append((people.month, people.with_drug, people.without))
    return list(found.values())


def _factor(entry: Mapping[str, Any]) -> Factor:
    ratio = _estimate(entry["odds_ratio_of_a_report"])
    assert ratio is not None
    return Factor(
        str(entry["label"]),
        Cell(number(ratio.median, 2), interval(ratio, 2)),
        bool(entry.get("known")),
        str(entry.get("note") or ""),
    )


def joints(document: PlanDocument) -> Joints | None:
    """Return what the joint part shows; None for a plan without joints."""
    data = document.joints
    if not data:
        return None
    entries = data.get("of_100") or []
    shown = pictured(document)
    conditioning = data.get("conditioning") or {}
    remedies = data.get("remedies") or []
    weighed = [entry for entry in remedies if entry.get("status") in WEIGHED]
    return Joints(
        instrument=str(data["instrument"]),
        early=shown == EARLY,
        people=[_people(entry) for entry in entries if entry["code"] == shown],
        counted=_counted(entries, shown),
        course=joint_course_figure(document),
        onset=str(data.get("onset") or ""),
        easing=[str(text) for text in data.get("easing") or []],
        attributable=[_share(entry) for entry in data.get("attributable") or []],
        choices=[_choice(entry) for entry in data.get("choices") or []],
        remedies=[_remedy(entry) for entry in weighed],
        more_remedies=[_remedy(entry) for entry in remedies if entry not in weighed],
        caveats=[str(text) for text in data.get("caveats") or []],
        causes=[str(text) for text in data.get("causes_to_rule_out") or []],
        remedy_caveats=[str(text) for text in data.get("remedy_caveats") or []],
        factors=[_factor(entry) for entry in data.get("risk_factors") or []],
        not_predictors=list((data.get("not_predictors") or {}).items()),
        reported=list(data.get("persistence_context") or []),
        left_out=[str(text) for text in data.get("choices_left_out") or []],
        used=[f"{plain_field(f)}: {why}" for key in ("assumed", "not_used") for f, why in conditioning.get(key) or []],
    )


def joint_sentence(document: PlanDocument) -> str:
    """Return the sentence on joints for the short answer, with its definition; empty without joints."""
    shown = pictured(document)
    entries = [e for e in (document.joints or {}).get("of_100") or [] if e["code"] == shown]
    entry = next((e for e in entries if e["month"] == 12), entries[-1] if entries else None)
    if entry is None:
        return ""
    people = _people(entry)
    when = "within" if shown == EARLY else "in"
    return (
        f"Stiff or achy joints: {people.with_drug.value} women like you {when} {people.month} months with the drug "
        f"(range {people.with_drug.range}), {people.without.value} without it (range {people.without.range}). "
        f"Counted: {people.definition}.{_share_sentence(document)}"
    )


def _share_sentence(document: PlanDocument) -> str:
    """What trials said of the drug's share, so that the two counts before it are not read as the answer."""
    trials = [e for e in (document.joints or {}).get("attributable") or [] if "model" not in str(e["evidence"])]
    if not trials:
        return ""
    low, high = min(e["low"] for e in trials), max(e["high"] for e in trials)
    return (
        " How much of it is the drug cannot be known of one woman; "
        f"in trials {100 * low:.0f} to {100 * high:.0f} of 100 reports were due to it."
    )
