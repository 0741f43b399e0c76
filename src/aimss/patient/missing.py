"""What her record leaves open, what that does to the forecast, and what stands in for it.

Missing is not normal: each gap is listed with its effect. A list that is empty is a gap unless `complete_lists`
names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aimss.patient.densitometry import population_bmd
from aimss.patient.observations import SITES
from aimss.patient.patient import Patient


class Missing(NamedTuple):
    """One gap: the field that would fill it, what its absence does, and what is used instead."""

    field: str
    effect: str
    filled_by: str


PLAIN_SCALES = ("nrs", "vas_100")  # the others say in their name what they ask
AVERAGE_RISK = "the average of women of that age (ratio 1)"
POPULATION = "values drawn from the population, twin by twin"
NOTHING = "nothing: rules that ask for it answer unknown"


def missing_fields(patient: Patient) -> list[Missing]:
    """List what the forecast would use and the record does not hold, the weightiest for bone first."""
    return [
        *_bone_density(patient),
        *_menopause_and_body(patient),
        *_treatment(patient),
        *_risk_factors(patient),
        *_laboratory(patient),
        *_pain(patient),
    ]


def _bone_density(patient: Patient) -> Iterator[Missing]:
    measured = {s.site for s in patient.dxa if s.t_score is not None or s.bmd_g_cm2 is not None}
    for site in SITES:
        if site not in measured:
            typical = population_bmd(site, patient.age)
            others = ", drawn together with the measured sites" if measured else ""
            yield Missing(
                f"dxa ({site})",
                f"the {site.replace('_', ' ')} is that of women of that age: the level is wide, changes hold",
                f"{typical.value:.3f} (SD {typical.sd:.3f}) g/cm2, {typical.status}, {typical.source}{others}",
            )
    for i, scan in enumerate(patient.dxa):
        if scan.device is None and scan.site in measured:
            yield Missing(
                f"dxa[{i}].device",
                "the level in g/cm2 depends on the maker of the scanner",
                "the Hologic scale, or the maker whose pair joins T-score and BMD",
            )


def _menopause_and_body(patient: Patient) -> Iterator[Missing]:
    if patient.menopause is None:
        yield Missing("menopause.status", "decides whether ovaries still make estradiol", "after menopause by age")
    premenopausal = patient.menopause is not None and patient.menopause.status == "premenopausal"
    if patient.years_since_final_menstrual_period is None and not premenopausal:
        yield Missing(
            "menopause.final_menstrual_period",
            "bone is lost fastest in the first years after it; the speed of loss widens",
            f"{POPULATION} (around age 50)",
        )
    if patient.bmi is None:
        yield Missing("bmi_kg_m2", "sets the estradiol made outside the ovaries, and hip fracture risk", POPULATION)
    if "record_date" not in patient.model_fields_set:
        yield Missing("record_date", "the forecast starts on this day", f"the day of reading, {patient.record_date}")


def _treatment(patient: Patient) -> Iterator[Missing]:
    ai = patient.aromatase_inhibitor
    if ai.drug is None and ai.status != "none":
        yield Missing("aromatase_inhibitor.drug", "the three differ little for bone", "the mean of the three")
    if ai.status in {"current", "planned"} and ai.planned_years is None:
        yield Missing(
            "aromatase_inhibitor.planned_years", "the day on which it ends", "a standard duration of 5, 7 or 10 years"
        )
    if ai.start is not None and ai.start.precision != "day":
        yield Missing("aromatase_inhibitor.start", "known to the " + ai.start.precision, f"{ai.start.isoformat()}")
    if "drugs" not in patient.complete_lists:
        yield Missing(
            "complete_lists: drugs",
            "a bone drug or tamoxifen that is not listed would change the forecast; interactions stay open",
            "the listed drugs only, taken as all for the forecast",
        )
    for i, course in enumerate(patient.drugs):
        if course.start is None and not course.doses:
            yield Missing(
                f"drugs[{i}].start",
                f"since when {course.drug} is taken is unknown",
                "said in the notes of the strategy",
            )


def _risk_factors(patient: Patient) -> Iterator[Missing]:
    risk = patient.risk_factors
    if patient.had_fracture is None:
        yield Missing(
            "fractures",
            "an earlier fracture nearly doubles the risk; say complete_lists: [fractures] if none",
            AVERAGE_RISK,
        )
    gaps = {
        "smoking": "raises fracture risk",
        "parental_hip_fracture": "raises fracture risk, most at the hip",
        "alcohol_units_per_day": "more than two units a day raise fracture risk",
        "glucocorticoid_current": "raises fracture risk, most in the spine",
        "rheumatoid_arthritis": "raises fracture risk and is another cause of joint pain",
    }
    for name, effect in gaps.items():
        if getattr(risk, name) is None:
            yield Missing(f"risk_factors.{name}", effect, AVERAGE_RISK)
    for name, effect in {
        "glucocorticoid_months": "counts as a risk factor from six months on",
        "falls_past_year": "weighs against drugs that make unsteady",
    }.items():
        if getattr(risk, name) is None:
            yield Missing(f"risk_factors.{name}", effect, NOTHING)


def _laboratory(patient: Patient) -> Iterator[Missing]:
    have = {result.test for result in patient.laboratory}
    if "vitamin_d_25oh" not in have:
        yield Missing("laboratory: vitamin_d_25oh", "a deficit adds to bone loss", POPULATION)
    if not patient.markers:
        yield Missing("markers", "a marker would tell how fast bone turns over; the interval is wider", POPULATION)
    if not {"creatinine", "creatinine_clearance"} & have:
        yield Missing("laboratory: creatinine", "zoledronate needs a creatinine clearance", NOTHING)
    if "calcium_corrected" not in have and patient.has_condition("hypocalcaemia") is None:
        yield Missing("laboratory: calcium_corrected", "denosumab and zoledronate need a normal calcium", NOTHING)
    if "conditions" not in patient.complete_lists:
        yield Missing(
            "complete_lists: conditions",
            "other diagnoses decide which drug is safe; those not listed are unknown",
            NOTHING,
        )
    if patient.dental_status in {None, "unknown"}:
        yield Missing("dental_status", "is asked before a bone drug (osteonecrosis of the jaw)", NOTHING)


def _pain(patient: Patient) -> Iterator[Missing]:
    if not patient.pain:
        yield Missing("pain", "the course of joint pain is that of the average woman", POPULATION)
    if any(score.recall is None for score in patient.pain):
        yield Missing("pain: recall", "worst pain over more days is higher than over one", "the last 24 hours")
    if any(score.worst_or_average is None and score.instrument in PLAIN_SCALES for score in patient.pain):
        yield Missing("pain: worst_or_average", "worst pain is higher than average pain", "worst pain")
    if patient.risk_factors.prior_joint_disease is None:
        yield Missing(
            "risk_factors.prior_joint_disease", "pain from before the AI is not told from pain on it", NOTHING
        )
    if patient.cancer.chemotherapy is None and patient.cancer.taxane is None:
        yield Missing("cancer.chemotherapy", "raises the chance of joint pain on an AI", AVERAGE_RISK)
    if patient.risk_factors.prior_hormone_replacement is None:
        yield Missing(
            "risk_factors.prior_hormone_replacement", "raises the chance of joint pain on an AI", AVERAGE_RISK
        )
