"""Facts about drugs: what she takes, took, and the dates that denosumab and oral bisphosphonates hang on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, get_args

import yaml

from aimss.care.kleene import PartialSet
from aimss.care.timespan import months_between
from aimss.patient.patient import AromataseInhibitor, Patient

ORAL_BISPHOSPHONATES = frozenset({"alendronate", "risedronate", "ibandronate", "clodronate"})
BISPHOSPHONATES = ORAL_BISPHOSPHONATES | {"zoledronate", "pamidronate"}


@cache
def drug_classes() -> dict[str, frozenset[str]]:
    """Drug name to the classes it belongs to, from `care/drug_classes.yaml`."""
    text = resources.files("aimss.care").joinpath("drug_classes.yaml").read_text(encoding="utf-8")
    classes: dict[str, set[str]] = {}
    for entry in yaml.safe_load(text)["classes"]:
        for drug in entry["drugs"]:
            classes.setdefault(drug, set()).add(entry["name"])
    return {drug: frozenset(names) for drug, names in classes.items()}


def with_classes(drugs: Iterable[str]) -> frozenset[str]:
    """The drugs and the classes they belong to."""
    known = drug_classes()
    given = frozenset(drugs)
    return given.union(*(known[drug] for drug in given if drug in known))


def drug_facts(patient: Patient) -> dict[str, Any]:
    """Facts from `drugs` and the AI; a drug that is not listed is unknown unless the list is said to be whole."""
    today = patient.record_date
    ai = patient.aromatase_inhibitor
    whole = "drugs" in patient.complete_lists
    now = {course.drug for course in patient.drugs if patient.takes(course.drug)}
    ever = {course.drug for course in patient.drugs}
    if ai.drug is not None and ai.status in {"current", "stopped"}:
        ever.add(ai.drug)
        now |= {ai.drug} if ai.status == "current" else set()
    absent = frozenset(drug for drug in get_args(AromataseInhibitor) if patient.takes(drug) is False)
    oral = [c.start for c in patient.drugs if c.drug in ORAL_BISPHOSPHONATES and c.drug in now and c.start]
    infusions = [day for c in patient.drugs if c.drug == "zoledronate" for day in c.doses]
    return {
        "drugs_now": PartialSet(with_classes(now), absent, whole),
        "drugs_ever": PartialSet(with_classes(ever), whole=whole),
        "months_on_oral_bisphosphonate": months_between(min(oral), today) if oral else None,
        "maoi_within_14_days": _maoi(patient, whole),
        "zoledronate_doses": len(infusions) if infusions else 0 if whole and "zoledronate" not in ever else None,
        **_denosumab(patient, whole),
    }


def _maoi(patient: Patient, whole: bool) -> bool | None:
    courses = [c for c in patient.drugs if c.drug == "maoi"]
    if patient.takes("maoi") or any(c.stop and (patient.record_date - c.stop).days <= 14 for c in courses):
        return True
    return False if whole else None


def _denosumab(patient: Patient, whole: bool) -> dict[str, Any]:
    courses = [c for c in patient.drugs if c.drug == "denosumab"]
    if not courses:
        return {"denosumab_stop_planned": False, "bisphosphonate_after_denosumab": False} if whole else {}
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
    after = any(
        any(day > last for day in c.doses) or (not c.doses and (c.stop is None or c.stop > last))
        for c in patient.drugs
        if c.drug in BISPHOSPHONATES
    )
    # the list of drugs holds the denosumab doses with their dates: a later infusion would stand beside them
    return {**found, "bisphosphonate_after_denosumab": after}
