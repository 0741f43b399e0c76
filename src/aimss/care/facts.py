"""From a record to named facts: what the conditions of rules may ask. An unknown fact is absent, never a default."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from aimss.care.drug_facts import drug_facts
from aimss.care.joint_facts import joint_facts
from aimss.care.kleene import PartialSet
from aimss.care.renal import creatinine_clearance_ml_min
from aimss.care.timespan import months_between, time_order
from aimss.patient.patient import Patient

UNITED_STATES = {"us", "usa", "united states", "united states of america"}
# Laboratories differ by a few hundredths; assumed where the record gives a value without a diagnosis.
CALCIUM_LOWER_LIMIT_MMOL_L = 2.20
SODIUM_LOWER_LIMIT_MMOL_L = 135.0


@dataclass(frozen=True, slots=True)
class FactName:
    """One fact: its name, unit, plain label, what to ask when it is missing, and the record fields it comes from."""

    name: str
    unit: str
    label: str
    question: str
    fields: tuple[str, ...]


@cache
def fact_names() -> dict[str, FactName]:
    """Every fact that a condition may name."""
    text = resources.files("aimss.care").joinpath("facts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["name"]: FactName(row["name"], row["unit"], row["label"], row["question"], tuple(row["fields"].split()))
        for row in rows
    }


def facts_of(patient: Patient) -> dict[str, Any]:
    """The facts known of her, by name; a fact that the record does not settle is absent."""
    found: dict[str, Any] = {"age_years": patient.age, **drug_facts(patient)}
    for group in (
        _menopause,
        _aromatase_inhibitor,
        _cancer,
        _density,
        _frax,
        _risk_factors,
        _fractures,
        _laboratory,
        joint_facts,
    ):
        found.update(group(patient))
    found["conditions"] = PartialSet(
        frozenset(patient.conditions), frozenset(patient.conditions_absent), "conditions" in patient.complete_lists
    )
    found["impaired_mobility"] = patient.has_condition("impaired_mobility")
    for name, stated in (
        ("hypocalcaemia", patient.has_condition("hypocalcaemia")),
        ("hyponatraemia", patient.has_condition("hyponatraemia")),
    ):
        # a diagnosis outweighs a value; a value outweighs the word that there is no diagnosis
        if stated or found.get(name) is None:
            found[name] = stated
    return {name: value for name, value in found.items() if value is not None}


def any_known(parts: Iterable[bool | None]) -> bool | None:
    """True if one is true, unknown if one is unknown, else false."""
    answer: bool | None = False
    for part in parts:
        if part:
            return True
        if part is None:
            answer = None
    return answer


def _menopause(patient: Patient) -> dict[str, Any]:
    menopause = patient.menopause
    cause = menopause.cause if menopause is not None else None
    suppressed = patient.takes("ovarian_suppression")
    if cause == "ovarian_suppression":
        suppressed = True
    if menopause is None:
        return {"ovarian_suppression": suppressed}
    # a drug that stops the ovaries does not make her postmenopausal: rules for that group must not fire
    post = menopause.status == "postmenopausal" and cause != "ovarian_suppression"
    induced = suppressed
    if post:
        induced = None if cause in {None, "unknown"} else cause != "natural"
    years = patient.years_since_final_menstrual_period
    mass_spectrometry = any(item.test == "estradiol" and item.assay == "lc_ms_ms" for item in patient.laboratory)
    return {
        "postmenopausal": post,
        "childbearing_potential": _childbearing(patient, post),
        "premenopausal": menopause.status == "premenopausal" or cause == "ovarian_suppression",
        "postmenopausal_natural_or_induced": True if post else suppressed,
        "treatment_induced_menopause": induced,
        "age_at_menopause_years": None if years is None else patient.age - years,
        "ovarian_suppression": suppressed,
        "estradiol_measured_by_mass_spectrometry": True if mass_spectrometry else None,
    }


def _childbearing(patient: Patient, post: bool) -> bool | None:
    if patient.childbearing_potential is not None:
        return patient.childbearing_potential
    if post:
        return False
    assert patient.menopause is not None
    return True if patient.menopause.status == "premenopausal" else None


def _aromatase_inhibitor(patient: Patient) -> dict[str, Any]:
    ai = patient.aromatase_inhibitor
    today = patient.record_date
    current = ai.status == "current"
    ends = None
    if current and ai.start is not None and ai.planned_years is not None:
        ends = ai.planned_years * 12 - months_between(ai.start, today)
    return {
        "aromatase_inhibitor_status": ai.status,
        "aromatase_inhibitor": ai.drug,
        "aromatase_inhibitor_started_or_planned": current or ai.status == "planned",
        "on_aromatase_inhibitor": current,
        "months_on_aromatase_inhibitor": months_between(ai.start, today)
        if current and ai.start
        else _not_yet(ai.status),
        "aromatase_inhibitor_ends_within_months": ends,
        "days_off_aromatase_inhibitor": (today - ai.stop).days if ai.stop else None,
    }


def _not_yet(status: str) -> float | None:
    return 0.0 if status in {"planned", "none"} else None


def _cancer(patient: Patient) -> dict[str, Any]:
    cancer = patient.cancer
    return {
        "phase": cancer.phase,
        # aimss is about early disease: a record that says nothing is taken to be within that scope
        "metastatic_disease_recorded": cancer.stage == "IV"
        or cancer.phase == "metastatic"
        or bool(cancer.bone_metastases),
        "bone_metastases": cancer.bone_metastases,
        "hormone_receptor_positive": cancer.hormone_receptor_positive,
        "recurrence_risk": cancer.recurrence_risk,
        "main_concern": patient.main_concern,
        "node_positive": None if cancer.node_status is None else cancer.node_status != "N0",
        "chemotherapy": cancer.chemotherapy,
        "taxane": cancer.taxane,
        "granulocyte_colony_stimulating_factor": cancer.granulocyte_colony_stimulating_factor,
        "skeletal_radiotherapy": cancer.skeletal_radiotherapy,
    }


def _density(patient: Patient) -> dict[str, Any]:
    newest_t: dict[str, float] = {}
    newest_z: dict[str, float] = {}
    for scan in sorted(patient.dxa, key=lambda scan: scan.date):
        if scan.t_score is not None:
            newest_t[scan.site] = scan.t_score
        if scan.z_score is not None:
            newest_z[scan.site] = scan.z_score
    found: dict[str, Any] = {f"t_score_{site}": value for site, value in newest_t.items()}
    days = [scan.date for scan in patient.dxa]
    found["last_scan_date"] = max(days).isoformat() if days else None
    found["t_score_minimum"] = min(newest_t.values(), default=None)
    found["z_score_minimum"] = min(newest_z.values(), default=None)
    computed = _annual_loss(patient)
    found["annual_bmd_loss_percent"] = patient.annual_bmd_loss_percent if computed is None else computed
    return found


def _annual_loss(patient: Patient) -> float | None:
    """Largest loss in %/year of any site: the newest scan against one on its device, six or more months older."""
    losses: list[float] = []
    for site in {scan.site for scan in patient.dxa}:
        scans = sorted(
            (s for s in patient.dxa if s.site == site and s.bmd_g_cm2 is not None and s.device is not None),
            key=lambda s: s.date,
        )
        if not scans:
            continue
        newest = scans[-1]
        earlier = [s for s in scans if s.device == newest.device and months_between(s.date, newest.date) >= 6]
        if earlier:
            before = earlier[-1]
            assert before.bmd_g_cm2 is not None
            assert newest.bmd_g_cm2 is not None
            years = months_between(before.date, newest.date) / 12
            losses.append(round((1 - newest.bmd_g_cm2 / before.bmd_g_cm2) * 100 / years, 6))
    return max(losses, default=None)


def _frax(patient: Patient) -> dict[str, Any]:
    found: dict[str, Any] = {"frax_given": bool(patient.frax)}
    for result in sorted(patient.frax, key=lambda item: time_order(item.date)):
        country = (result.country or "us").strip().lower()
        for kind in ("major_osteoporotic_percent", "hip_percent"):
            value = getattr(result, kind)
            if value is not None:
                found[f"frax_{kind}"] = value
                if country in UNITED_STATES:
                    found[f"frax_us_{kind}"] = value
    return found


def _risk_factors(patient: Patient) -> dict[str, Any]:
    risk = patient.risk_factors
    # nine decimals remove the noise of binary arithmetic at the limits of 20 and 24
    bmi = None if patient.bmi is None else round(patient.bmi, 9)
    return {
        "smoking_ever": None if risk.smoking is None else risk.smoking != "never",
        "smoking_current": None if risk.smoking is None else risk.smoking == "current",
        "bmi_kg_m2": bmi,
        "parental_hip_fracture": risk.parental_hip_fracture,
        "glucocorticoid_months": risk.glucocorticoid_months,
        "glucocorticoid_current": risk.glucocorticoid_current,
        "alcohol_units_per_day": risk.alcohol_units_per_day,
        "falls_past_year": risk.falls_past_year,
        "prior_joint_disease": risk.prior_joint_disease,
        "calcium_mg_per_day": patient.lifestyle.calcium_mg_per_day,
        "vitamin_d_iu_per_day": patient.lifestyle.vitamin_d_iu_per_day,
        "dental_treatment_needed": {"ok": False, "needs_treatment": True, "extraction_planned": True}.get(
            patient.dental_status or ""
        ),
    }


def _fractures(patient: Patient) -> dict[str, Any]:
    none_else = False if "fractures" in patient.complete_lists else None

    def fragile(site: str | None = None, after_age: float | None = None) -> bool | None:
        known = [
            _both(
                item.low_trauma,
                True if after_age is None else _older_then(patient, item.age_years, item.date, after_age),
            )
            for item in patient.fractures
            if site in {None, item.site}
        ]
        return any_known([*known, none_else])

    return {
        "fragility_fracture": fragile(),
        "fragility_fracture_after_50": fragile(after_age=50),
        "vertebral_fragility_fracture": fragile("vertebra"),
        "hip_fragility_fracture": fragile("hip"),
    }


def _both(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _older_then(patient: Patient, age_then: float | None, date: dt.date | None, limit: float) -> bool | None:
    if age_then is not None:
        return age_then >= limit
    if date is not None:
        return patient.age - months_between(date, patient.record_date) / 12 >= limit
    # a fracture at an unknown time cannot have come after 50 in a woman who is not yet 50
    return None if patient.age >= limit else False


def _laboratory(patient: Patient) -> dict[str, Any]:
    newest: dict[str, float] = {}
    for item in sorted(patient.laboratory, key=lambda item: item.date):
        newest[item.test] = item.standard_value
    calcium, sodium = newest.get("calcium_corrected"), newest.get("sodium")
    return {
        "creatinine_clearance_ml_min": creatinine_clearance_ml_min(patient),
        "egfr_ml_min_1_73m2": newest.get("egfr"),
        "hypocalcaemia": None if calcium is None else calcium < CALCIUM_LOWER_LIMIT_MMOL_L,
        "hyponatraemia": None if sodium is None else sodium < SODIUM_LOWER_LIMIT_MMOL_L,
        "vitamin_d_25oh_ng_ml": newest.get("vitamin_d_25oh"),
    }
