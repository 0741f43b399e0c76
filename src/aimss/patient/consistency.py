"""Contradictions between parts of a record: dates in the future, scans before birth, two ages at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aimss.patient.dates import PartialDate, years_between
from aimss.patient.densitometry import DEVICES, young_reference
from aimss.patient.observations import Device, DxaScan
from aimss.patient.parts import Mistake

if TYPE_CHECKING:
    from aimss.patient.patient import Patient

AGE_RANGE = (18, 100)
AGE_AT_MENOPAUSE_RANGE = (20, 62)
# References of centres differ by up to 0.7 T (RB015); a wrong sign, site or unit lies further off.
MAX_T_MISFIT = 1.5
AROMATASE_INHIBITORS = {"letrozole", "anastrozole", "exemestane"}


def contradictions(patient: Patient) -> list[Mistake]:
    """Say what in the record cannot be true together, each with its field; empty if nothing."""
    found = list(_age(patient))
    if found:
        # every later check leans on the age; one mistake, one message
        return found
    checks = (_future, _body_size, _menopause, _drugs, _lists, _dxa, _fractures)
    return [mistake for check in checks for mistake in check(patient)]


def _age(patient: Patient) -> Iterator[Mistake]:
    if patient.birth_date is None:
        if patient.age_years is None:
            yield Mistake(
                "age_years", "age_years or birth_date", "neither", "Add one of them; a year of birth will do."
            )
        return
    # what the birth date gives is never shown: it could identify her
    youngest = years_between(patient.birth_date.latest, patient.record_date)
    oldest = years_between(patient.birth_date.earliest, patient.record_date)
    low, high = AGE_RANGE
    if oldest < low or youngest > high:
        yield Mistake(
            "birth_date", f"an age of {low} to {high} on the record date", "an age outside", "Check the year."
        )
    elif patient.age_years is not None and not youngest - 1.1 <= patient.age_years <= oldest + 1.1:
        yield Mistake(
            "age_years",
            "the age that birth_date gives on the record date",
            f"{patient.age_years:g}, more than a year off",
            "Correct one of them, or drop age_years.",
        )


def _dated(patient: Patient) -> Iterator[tuple[str, PartialDate]]:
    ai = patient.aromatase_inhibitor
    if ai.start and ai.status != "planned":
        yield "aromatase_inhibitor.start", ai.start
    if ai.stop:
        yield "aromatase_inhibitor.stop", ai.stop
    if patient.menopause and patient.menopause.final_menstrual_period:
        yield "menopause.final_menstrual_period", patient.menopause.final_menstrual_period
    if patient.cancer.chemotherapy_end:
        yield "cancer.chemotherapy_end", patient.cancer.chemotherapy_end
    if patient.symptoms.onset:
        yield "symptoms.onset", patient.symptoms.onset
    for name in ("dxa", "frax", "markers", "laboratory", "pain", "fractures"):
        for i, item in enumerate(getattr(patient, name)):
            if item.date is not None:
                yield f"{name}[{i}].date", item.date
    for i, course in enumerate(patient.drugs):
        if course.start:
            yield f"drugs[{i}].start", course.start
        for j, day in enumerate(course.doses):
            yield f"drugs[{i}].doses[{j}]", day


def _future(patient: Patient) -> Iterator[Mistake]:
    for field, date in _dated(patient):
        if date.earliest > patient.record_date.latest:
            yield Mistake(
                field,
                f"a date up to the record date ({patient.record_date})",
                str(date),
                "Check the date; what is only planned belongs into a strategy.",
            )
        elif patient.birth_date is not None and date.latest < patient.birth_date.earliest:
            yield Mistake(field, "a date after her birth", str(date), "Check the year.")


def _body_size(patient: Patient) -> Iterator[Mistake]:
    if patient.height_cm is None or patient.weight_kg is None:
        return
    computed = patient.weight_kg / (patient.height_cm / 100) ** 2
    pounds = f" If {patient.weight_kg:g} is in pounds, that is {patient.weight_kg * 0.45359237:.1f} kg."
    if not 12 <= computed <= 80:
        yield Mistake(
            "weight_kg",
            "a weight in kg that fits the height (BMI 12 to 80)",
            f"{patient.weight_kg:g} with height_cm {patient.height_cm:g} (BMI {computed:.1f})",
            "Check both units." + (pounds if computed > 80 else ""),
        )
    elif patient.bmi_kg_m2 is not None and abs(computed - patient.bmi_kg_m2) > 1.0:
        yield Mistake(
            "bmi_kg_m2",
            f"the BMI of height and weight ({computed:.1f})",
            f"{patient.bmi_kg_m2:g}",
            "Drop bmi_kg_m2, or correct height or weight."
            + (pounds if abs(computed * 0.45359237 - patient.bmi_kg_m2) < 1.5 else ""),
        )


def _menopause(patient: Patient) -> Iterator[Mistake]:
    years = patient.years_since_final_menstrual_period
    if years is None or patient.menopause is None:
        return
    field = (
        "menopause.final_menstrual_period"
        if patient.menopause.final_menstrual_period is not None
        else "menopause.age_at_final_menstrual_period_years"
    )
    at = patient.age - years
    low, high = AGE_AT_MENOPAUSE_RANGE
    if not low <= at <= high:
        yield Mistake(field, f"a final menstrual period at age {low} to {high}", f"age {at:.0f}", "Check the date.")
    elif years < -0.6 and patient.menopause.final_menstrual_period is None:
        yield Mistake(field, f"at most her age ({patient.age:.0f})", f"{at:.0f}", "Check both ages.")


def _drugs(patient: Patient) -> Iterator[Mistake]:
    ai = patient.aromatase_inhibitor
    for i, course in enumerate(patient.drugs):
        if course.drug not in AROMATASE_INHIBITORS or ai.start is None or ai.status != "current":
            continue
        if (course.stop is None or course.stop.earliest > ai.start.latest) and course.drug != ai.drug:
            yield Mistake(
                f"drugs[{i}].stop",
                f"an end on or before aromatase_inhibitor.start ({ai.start}), since she takes one AI at a time",
                str(course.stop or "no stop"),
                "Add or correct the stop of the earlier AI.",
            )


def _lists(patient: Patient) -> Iterator[Mistake]:
    for condition in patient.conditions_absent:
        if condition in patient.conditions:
            yield Mistake(
                "conditions_absent", "no diagnosis that stands under conditions", condition, "Drop one of them."
            )
    if patient.pregnant and patient.childbearing_potential is False:
        yield Mistake("childbearing_potential", "true or absent beside pregnant", "false", "Correct one of them.")


def _dxa(patient: Patient) -> Iterator[Mistake]:
    seen: dict[tuple[object, ...], int] = {}
    for i, scan in enumerate(patient.dxa):
        first = seen.setdefault((scan.date, scan.site, scan.side, scan.device), i)
        if first != i:
            yield Mistake(
                f"dxa[{i}]",
                "one result a day, site, side and device (give T-score and BMD of one scan together)",
                f"a second one beside dxa[{first}]",
                "Join the two, or correct date or site.",
            )

        if scan.t_score is not None and scan.bmd_g_cm2 is not None:
            off = min(_t_misfit(scan, device) for device in ([scan.device] if scan.device else DEVICES))
            if off > MAX_T_MISFIT:
                yield Mistake(
                    f"dxa[{i}].t_score",
                    f"a T-score that fits the BMD of {scan.bmd_g_cm2:g} g/cm2 ({scan.device or 'any device'})",
                    f"{scan.t_score:g}, {off:.1f} off",
                    "Check site, device, sign and unit.",
                )


def _t_misfit(scan: DxaScan, device: Device) -> float:
    assert scan.t_score is not None
    assert scan.bmd_g_cm2 is not None
    return abs(young_reference(scan.site, device).t_score(scan.bmd_g_cm2) - scan.t_score)


def _fractures(patient: Patient) -> Iterator[Mistake]:
    for i, fracture in enumerate(patient.fractures):
        if fracture.age_years is None:
            continue
        if fracture.age_years > patient.age + 1:
            yield Mistake(f"fractures[{i}].age_years", "at most her age", f"{fracture.age_years:g}", "Check it.")
        elif fracture.date is not None:
            then = patient.age - years_between(fracture.date, patient.record_date)
            if abs(then - fracture.age_years) > 2:
                yield Mistake(
                    f"fractures[{i}].age_years", "the age that its date gives", f"{fracture.age_years:g}",
                    "Drop age_years, or correct the date.",
                )  # fmt: skip
