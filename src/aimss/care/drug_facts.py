"""Facts about drugs: what she takes, took, and the dates that denosumab and oral bisphosphonates hang on."""

from __future__ import annotations

import datetime as dt
from functools import cache
from importlib import resources
from typing import Any

import yaml

from aimss.care.timespan import months_between
from aimss.patient.history import DrugCourse
from aimss.patient.patient import Patient

ORAL_BISPHOSPHONATES = frozenset({"alendronate", "risedronate", "ibandronate", "clodronate"})
# A yearly infusion still acts; without an interval or a stop date a single dose counts for this long.
SINGLE_DOSE_MONTHS = 13


@cache
def drug_classes() -> dict[str, frozenset[str]]:
    """Drug name to the classes it belongs to, from `care/drug_classes.yaml`."""
    text = resources.files("aimss.care").joinpath("drug_classes.yaml").read_text(encoding="utf-8")
    classes: dict[str, set[str]] = {}
    for entry in yaml.safe_load(text)["classes"]:
        for drug in entry["drugs"]:
            classes.setdefault(drug, set()).add(entry["name"])
    return {drug: frozenset(names) for drug, names in classes.items()}


def with_classes(drugs: frozenset[str]) -> frozenset[str]:
    """The drugs and the classes they belong to."""
    known = drug_classes()
    return drugs.union(*(known[drug] for drug in drugs if drug in known))


def drug_facts(patient: Patient) -> dict[str, Any]:
    """Facts from `drugs`; unknown when the record holds no drug list (an empty list says she takes none)."""
    if "drugs" not in patient.model_fields_set:
        return {}
    today = patient.record_date
    ai = patient.aromatase_inhibitor
    own = {str(ai.drug)} if ai.drug is not None else set()
    now = frozenset({c.drug for c in patient.drugs if takes(c, today)} | (own if ai.status == "current" else set()))
    ever = frozenset({c.drug for c in patient.drugs} | (own if ai.status in {"current", "stopped"} else set()))
    oral = [c.start for c in patient.drugs if c.drug in ORAL_BISPHOSPHONATES and takes(c, today) and c.start]
    infusions = [day for c in patient.drugs if c.drug == "zoledronate" for day in c.doses]
    return {
        "drugs_now": with_classes(now),
        "drugs_ever": with_classes(ever),
        "months_on_oral_bisphosphonate": months_between(min(oral), today) if oral else None,
        "maoi_within_14_days": any(
            c.drug == "maoi" and (takes(c, today) or (c.stop is not None and (today - c.stop).days <= 14))
            for c in patient.drugs
        ),
        "zoledronate_doses": len(infusions) if infusions or "zoledronate" not in ever else None,
        **_denosumab(patient, ever),
    }


def takes(course: DrugCourse, today: dt.date) -> bool:
    """Whether a course runs on a day; a drug listed without dates is one she takes."""
    if course.start is not None and course.start > today:
        return False
    if course.stop is not None:
        return course.stop > today
    if course.doses and course.drug == "zoledronate":
        interval = SINGLE_DOSE_MONTHS if course.interval_days is None else course.interval_days / 30.4375 + 1
        return months_between(max(course.doses), today) <= interval
    return True


def _denosumab(patient: Patient, ever: frozenset[str]) -> dict[str, Any]:
    courses = [c for c in patient.drugs if c.drug == "denosumab"]
    if not courses:
        return {"denosumab_stop_planned": False, "bisphosphonate_after_denosumab": False}
    today = patient.record_date
    doses = [day for c in courses for day in c.doses if day <= today]
    starts = doses + [c.start for c in courses if c.start]
    found: dict[str, Any] = {
        "months_on_denosumab": months_between(min(starts), today) if starts else None,
        "months_since_last_denosumab": months_between(max(doses), today) if doses else None,
        # a stop date in the future is a plan, in the past a fact; no stop date leaves the plan unknown
        "denosumab_stop_planned": True if any(c.stop for c in courses) else None,
    }
    if not doses:
        return found
    last = max(doses)
    after = [
        c
        for c in patient.drugs
        if c.drug in ORAL_BISPHOSPHONATES | {"zoledronate", "pamidronate"}
        and (any(day > last for day in c.doses) or (not c.doses and (c.stop is None or c.stop > last)))
    ]
    return {**found, "bisphosphonate_after_denosumab": bool(after)}
