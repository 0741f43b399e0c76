"""The joint part of the page: is it the drug, what if she stops, what helps; read from the plan's joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aimss.forecast.plan_document import PlanDocument
from aimss.report.bones import Cell
from aimss.report.charts.figure import Figure
from aimss.report.charts.joint_course import joint_course_figure
from aimss.report.charts.people import people_svg
from aimss.report.reading import Estimate
from aimss.report.words import interval, number, of_base, of_base_interval


@dataclass(frozen=True)
class People:
    """A hundred women at one month, under one definition."""

    month: int
    definition: str
    svg: str
    with_drug: Cell
    without: Cell


@dataclass(frozen=True)
class Share:
    """A range of the share of reports that the drug causes, with the kind of evidence behind it."""

    range: str
    evidence: str
    sources: str


@dataclass(frozen=True)
class Remedy:
    """A row of the remedy table."""

    label: str
    effect: Cell | None
    compared_with: str
    response: Cell | None
    certainty: str
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
    bone: str
    recurrence: str
    notes: list[str]
    sources: str


@dataclass(frozen=True)
class Joints:
    """All that the joint part shows."""

    instrument: str
    people: list[People]
    course: Figure | None
    onset: str
    easing: list[str]
    attributable: list[Share]
    choices: list[Choice]
    remedies: list[Remedy]
    caveats: list[str]
    causes: list[str]


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
    title = f"Of 100 women like you, month {month}: with the drug {of_base(with_drug)}, without it {of_base(without)}"
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
    return Share(f"{low} to {high} of 100 reports", str(entry["evidence"]), _sources(entry))


def _remedy(entry: Mapping[str, Any]) -> Remedy:
    def text(key: str) -> str:
        return str(entry.get(key) or "")

    return Remedy(
        label=str(entry["label"]),
        effect=_points(entry.get("specific_effect")),
        compared_with=text("compared_with"),
        response=_points(entry.get("with_placebo_response")),
        certainty=text("certainty"),
        time_to_effect=text("time_to_effect"),
        lasting=text("lasting"),
        burden=text("burden"),
        dissent=text("dissent"),
        status=text("status"),
        sources=_sources(entry),
    )


def _choice(entry: Mapping[str, Any]) -> Choice:
    return Choice(
        label=str(entry["label"]),
        pain=_points(entry.get("pain_12_months")),
        on_treatment=_chance(entry.get("on_ai_12_months")),
        bone=str(entry.get("bone") or ""),
        recurrence=str(entry.get("recurrence") or ""),
        notes=[str(note) for note in entry.get("notes") or []],
        sources=_sources(entry),
    )


def joints(document: PlanDocument) -> Joints | None:
    """Return what the joint part shows; None for a plan without joints."""
    data = document.joints
    if not data:
        return None
    return Joints(
        instrument=str(data["instrument"]),
        people=[_people(entry) for entry in data.get("of_100") or []],
        course=joint_course_figure(document),
        onset=str(data.get("onset") or ""),
        easing=[str(text) for text in data.get("easing") or []],
        attributable=[_share(entry) for entry in data.get("attributable") or []],
        choices=[_choice(entry) for entry in data.get("choices") or []],
        remedies=[_remedy(entry) for entry in data.get("remedies") or []],
        caveats=[str(text) for text in data.get("caveats") or []],
        causes=[str(text) for text in data.get("causes_to_rule_out") or []],
    )


def joint_sentence(document: PlanDocument) -> str:
    """Return the sentence on joints for the short answer, with its definition; empty without joints."""
    entries = (document.joints or {}).get("of_100") or []
    entry = next((e for e in entries if e["month"] == 12), entries[-1] if entries else None)
    if entry is None:
        return ""
    people = _people(entry)
    return (
        f"Stiff or achy joints: {people.with_drug.value} women like you by month {people.month} with the drug "
        f"(range {people.with_drug.range}), {people.without.value} without it (range {people.without.range}). "
        f"Counted: {people.definition}."
    )
