"""What she has been given until today: her record's drug courses placed in time, with every assumption noted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from aimss.care.drugs import DRUGS
from aimss.care.span import Note, Span, merge
from aimss.patient.dates import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    from aimss.patient.history import DrugCourse
    from aimss.patient.patient import Patient

ANY_AI = "any"  # an aromatase inhibitor of unknown name: mean constants of the three
UNKNOWN_START_DAYS = DAYS_PER_YEAR  # an unknown start is set one year before the stop, or before today
STANDARD_AI_YEARS = (5.0, 7.0, 10.0)
LAPSED_AFTER_INTERVALS = 1.5  # no dose for so many intervals, and no stop date: taken as stopped
NOT_MODELLED = ("teriparatide", "romosozumab", "hormone_replacement", "glucocorticoid")
_MG_PER = {"mg": 1.0, "g": 1000.0, "ug": 0.001}


@dataclass(frozen=True)
class History:
    """Her treatment until today.

    spans : one a course, cut at day 0.
    present : spans that go on today, by drug (`any` for an AI without a name).
    ai_drug : her present, planned or last AI; `any` if it has no name.
    ai_start_day : first day of her present, planned or last AI treatment; None if the record holds none.
    ai_planned_stop_day : its planned end; None if no AI lies ahead.
    """

    spans: tuple[Span, ...]
    present: Mapping[str, Span]
    ai_drug: str
    ai_start_day: float | None
    ai_planned_stop_day: float | None
    notes: tuple[Note, ...]


def read_history(patient: Patient) -> History:
    """Place the drug courses of a record in time; what the record leaves open is assumed by rule and noted."""
    notes: list[Note] = []
    spans: list[Span] = []
    present: dict[str, Span] = {}
    ai_start, ai_drug, planned_stop = _ai(patient, spans, present, notes)
    for i, course in enumerate(patient.drugs):
        field = f"drugs[{i}]"
        if course.drug in NOT_MODELLED:
            notes.append(Note(field, f"{course.drug} is not in the model: its effect is left out"))
        elif course.drug in DRUGS:
            span, goes_on = _place(patient, course, field, ai_start, notes)
            if span is None:
                continue
            spans.append(span)
            if goes_on:
                present[span.drug] = span
            if (
                span.is_ai
                and ai_start is not None
                and -DAYS_PER_YEAR / 4 <= ai_start - span.stop_day <= DAYS_PER_YEAR / 4
            ):
                # another AI up to the present one: years on AI count from the first
                ai_start = min(ai_start, span.start_day)
    _suppressed_by_cause(patient, spans, present, ai_start, notes)
    if planned_stop is None and ai_start is not None and patient.aromatase_inhibitor.status in {"planned", "current"}:
        planned_stop = _planned_stop(patient, ai_start, notes)
    return History(tuple(spans), present, ai_drug, ai_start, planned_stop, tuple(notes))


def _ai(
    patient: Patient, spans: list[Span], present: dict[str, Span], notes: list[Note]
) -> tuple[float | None, str, float | None]:
    ai = patient.aromatase_inhibitor
    drug = ai.drug or ANY_AI
    if ai.drug is None and ai.status != "none":
        notes.append(Note("aromatase_inhibitor.drug", "unknown: mean constants of the three drugs"))
    if ai.status == "none":
        return None, ANY_AI, None
    if ai.status == "planned":
        start = max(0.0, patient.days_from_record(ai.start)) if ai.start else 0.0
        if ai.start is None:
            notes.append(Note("aromatase_inhibitor.start", "planned without a date: starts on the day of the forecast"))
        return start, drug, None
    assert ai.start is not None
    start = min(0.0, patient.days_from_record(ai.start))
    stop = min(0.0, patient.days_from_record(ai.stop)) if ai.stop else 0.0
    span = Span(drug, merge([(start, stop)]), course="aromatase_inhibitor", given_before=True)
    spans.append(span)
    if ai.status == "current":
        present[drug] = span
    return start, drug, None


def _planned_stop(patient: Patient, ai_start: float, notes: list[Note]) -> float:
    """End of the AI as planned, else after 5 years in all, or the next of 7 and 10 that is still to come."""
    years = patient.aromatase_inhibitor.planned_years
    if years is not None and ai_start + years * DAYS_PER_YEAR > 0:
        return ai_start + years * DAYS_PER_YEAR
    for standard in STANDARD_AI_YEARS:
        if ai_start + standard * DAYS_PER_YEAR > 0:
            said = "not stated" if years is None else "already past, yet she still takes it"
            notes.append(Note("aromatase_inhibitor.planned_years", f"{said}: {standard:g} years in all"))
            return ai_start + standard * DAYS_PER_YEAR
    notes.append(Note("aromatase_inhibitor.planned_years", "more than 10 years already: goes on to the horizon"))
    return math.inf


def _place(
    patient: Patient, course: DrugCourse, field: str, ai_start: float | None, notes: list[Note]
) -> tuple[Span | None, bool]:
    entry = DRUGS[course.drug]
    if entry.given == "injection":
        return _injections(patient, course, field, notes)
    amount, every = _amount(course, field, notes)
    stop = min(0.0, patient.days_from_record(course.stop)) if course.stop else 0.0
    goes_on = course.stop is None
    replaced = course.drug == "tamoxifen" and patient.aromatase_inhibitor.status in {"current", "stopped"}
    if goes_on and replaced and ai_start is not None:
        stop, goes_on = min(0.0, ai_start), False
        notes.append(
            Note(f"{field}.stop", "tamoxifen without a stop date: stopped when the aromatase inhibitor started")
        )
    if course.start is not None:
        start = min(patient.days_from_record(course.start), stop)
    else:
        start = stop - UNKNOWN_START_DAYS
        if course.drug == "ovarian_suppression" and ai_start is not None:
            start = min(start, ai_start)
        if course.drug not in {"calcium", "vitamin_d"}:
            notes.append(Note(f"{field}.start", f"{course.drug}: unknown, set {-start / DAYS_PER_YEAR:.1f} years ago"))
    span = Span(course.drug, merge([(start, stop)]), amount=amount, every_days=every, course=field, given_before=True)
    if not span.periods and not goes_on:
        return None, False
    return span, goes_on


def _amount(course: DrugCourse, field: str, notes: list[Note]) -> tuple[float | None, float | None]:
    """Dose in mg (or the drug's unit) and interval in days, standard where the record is silent."""
    entry = DRUGS[course.drug]
    amount = course.dose * _MG_PER.get(course.unit or "mg", 1.0) if course.dose is not None else None
    every = course.interval_days
    if course.drug not in {"zoledronate", "denosumab", "alendronate", "risedronate", "ibandronate"}:
        return amount, every
    if course.drug == "zoledronate":
        if every is None and len(course.doses) > 1:
            days = sorted(d.toordinal() for d in course.doses)
            every = statistics.median(b - a for a, b in pairwise(days))
        if amount is None:
            amount = 5.0 if every is not None and every > 9 * DAYS_PER_MONTH else 4.0
            notes.append(Note(f"{field}.dose", f"zoledronate: unknown, {amount:g} mg"))
        if every is None:
            every = 6 * DAYS_PER_MONTH if amount < 5 else DAYS_PER_YEAR
            notes.append(Note(f"{field}.interval_days", f"zoledronate: unknown, every {every:.0f} days"))
        return amount, every
    if amount is None:
        amount = entry.standard_dose
        notes.append(Note(f"{field}.dose", f"{course.drug}: unknown, {amount:g} {entry.unit}"))
    if every is None:
        every = entry.standard_every_days
        if course.drug != "denosumab":
            notes.append(Note(f"{field}.interval_days", f"{course.drug}: unknown, every {every:g} days"))
    return amount, every


def _injections(patient: Patient, course: DrugCourse, field: str, notes: list[Note]) -> tuple[Span | None, bool]:
    amount, every = _amount(course, field, notes)
    assert every is not None
    days = sorted(min(0.0, patient.days_from_record(d)) for d in course.doses)
    stop = min(0.0, patient.days_from_record(course.stop)) if course.stop else None
    if not days:
        if course.start is not None:
            start = min(0.0, patient.days_from_record(course.start))
        else:
            start = (stop or 0.0) - UNKNOWN_START_DAYS
            notes.append(Note(f"{field}.start", f"{course.drug}: unknown, first dose set {-start:.0f} days ago"))
        last = stop if stop is not None else 0.0
        # the day of the record itself is left to the strategy, so that no dose is counted twice
        days = [start + k * every for k in range(max(1, math.ceil((last - start) / every - 1e-9)))]
        notes.append(Note(f"{field}.doses", f"{course.drug}: days unknown, every {every:.0f} days from the start"))
    lapsed = days[-1] + LAPSED_AFTER_INTERVALS * every < 0
    if lapsed and stop is None:
        notes.append(Note(f"{field}.stop", f"{course.drug}: last dose {-days[-1]:.0f} days ago, taken as stopped"))
    span = Span(course.drug, (), tuple(days), amount, every, course=field, given_before=True)
    return span, stop is None and not lapsed


def _suppressed_by_cause(
    patient: Patient, spans: list[Span], present: dict[str, Span], ai_start: float | None, notes: list[Note]
) -> None:
    """Menopause stated to be due to ovarian suppression, without a course of it: she is suppressed today."""
    menopause = patient.menopause
    if menopause is None or menopause.cause != "ovarian_suppression" or "ovarian_suppression" in present:
        return
    if any(span.drug == "ovarian_suppression" for span in spans):
        return
    known = menopause.final_menstrual_period
    start = patient.days_from_record(known) if known is not None else min(-UNKNOWN_START_DAYS, ai_start or 0.0)
    span = Span("ovarian_suppression", merge([(start, 0.0)]), course="menopause.cause", given_before=True)
    spans.append(span)
    present["ovarian_suppression"] = span
    notes.append(Note("menopause.cause", f"ovarian suppression, taken to run since {-start / DAYS_PER_YEAR:.1f} years"))
