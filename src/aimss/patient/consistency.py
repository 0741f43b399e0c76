"""Contradictions between parts of a record: dates in the future, scans before birth, two ages at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aimss.patient.dates import years_between

if TYPE_CHECKING:
    from aimss.patient.patient import Patient


def contradictions(patient: Patient) -> list[str]:
    """Say what in the record cannot be true together, each with its field; empty if nothing."""
    return [*_age(patient), *_future(patient), *_body_size(patient), *_menopause(patient), *_drugs(patient)]


def _age(patient: Patient) -> Iterator[str]:
    if patient.age_years is None and patient.birth_date is None:
        yield "age_years: give age_years or birth_date"
        return
    if patient.birth_date is not None:
        age = years_between(patient.birth_date, patient.record_date)
        if not 18 <= age <= 100:
            yield f"birth_date: gives an age of {age:.0f} on the record date; 18 to 100 is accepted"
        if patient.age_years is not None and abs(age - patient.age_years) > 1.1:
            yield f"age_years: {patient.age_years:g} does not fit birth_date (age {age:.1f} on the record date)"


def _dated(patient: Patient) -> Iterator[tuple[str, dt.date]]:
    ai = patient.aromatase_inhibitor
    if ai.start and ai.status != "planned":
        yield "aromatase_inhibitor.start", ai.start
    if ai.stop:
        yield "aromatase_inhibitor.stop", ai.stop
    if patient.menopause and patient.menopause.final_menstrual_period:
        yield "menopause.final_menstrual_period", patient.menopause.final_menstrual_period
    for name in ("dxa", "frax", "markers", "laboratory", "pain", "fractures"):
        for i, item in enumerate(getattr(patient, name)):
            if item.date is not None:
                yield f"{name}[{i}].date", item.date
    for i, course in enumerate(patient.drugs):
        if course.start:
            yield f"drugs[{i}].start", course.start
        for j, day in enumerate(course.doses):
            yield f"drugs[{i}].doses[{j}]", day


def _future(patient: Patient) -> Iterator[str]:
    for field, date in _dated(patient):
        # a date known to the month may lie in the month of the record
        earliest = date.replace(day=1) if getattr(date, "precision", "day") != "day" else date
        if getattr(date, "precision", "day") == "year":
            earliest = date.replace(month=1, day=1)
        if earliest > patient.record_date:
            yield f"{field}: {date} is after the record date {patient.record_date}"
        elif patient.birth_date is not None and date < patient.birth_date:
            yield f"{field}: {date} is before her birth"


def _body_size(patient: Patient) -> Iterator[str]:
    if patient.bmi_kg_m2 and patient.height_cm and patient.weight_kg:
        computed = patient.weight_kg / (patient.height_cm / 100) ** 2
        if abs(computed - patient.bmi_kg_m2) > 1.0:
            yield f"bmi_kg_m2: {patient.bmi_kg_m2:g} does not fit height and weight ({computed:.1f})"


def _menopause(patient: Patient) -> Iterator[str]:
    years = patient.years_since_final_menstrual_period
    if years is not None and patient.menopause is not None:
        at = patient.age - years
        if not 20 <= at <= 62:
            yield f"menopause: puts the final menstrual period at age {at:.0f}; 20 to 62 is accepted"
        if years < 0:
            yield "menopause: the final menstrual period is after the record date"


def _drugs(patient: Patient) -> Iterator[str]:
    ai = patient.aromatase_inhibitor
    for i, course in enumerate(patient.drugs):
        if course.drug in {"letrozole", "anastrozole", "exemestane"} and ai.start and ai.status == "current":
            ends = course.stop or patient.record_date
            if ends > ai.start and course.drug != ai.drug:
                yield (
                    f"drugs[{i}]: {course.drug} overlaps the present aromatase inhibitor"
                    " (a past AI needs a stop date on or before aromatase_inhibitor.start)"
                )
