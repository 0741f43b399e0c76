"""Facts about her joints: pain by its instrument, the picture, red flags, and what was tried."""

from __future__ import annotations

from typing import Any

from aimss.care.kleene import PartialSet
from aimss.care.timespan import months_between
from aimss.patient.patient import Patient

AROMATASE_INHIBITORS = ("letrozole", "anastrozole", "exemestane")
NSAIDS = ("nsaid", "ibuprofen", "naproxen", "diclofenac", "celecoxib", "etoricoxib")
JOINT_SITES = {"joint", "hand", "knee", "hip"}
SYMPTOMS = (
    "new_focal_bone_pain", "night_bone_pain", "hot_swollen_joint", "neurological_deficit", "acute_back_pain",
    "new_thigh_or_groin_pain", "suspected_fracture", "unexplained_weight_loss", "height_loss_cm",
    "height_loss_since_youth_cm", "swollen_joints", "morning_stiffness_minutes",
)  # fmt: skip


def joint_facts(patient: Patient) -> dict[str, Any]:
    """Facts from `pain`, `symptoms`, `lifestyle` and `tried`."""
    symptoms = patient.symptoms
    found: dict[str, Any] = {name: getattr(symptoms, name) for name in SYMPTOMS}
    found["joint_pain_symmetrical"] = symptoms.symmetrical
    found["aerobic_minutes_per_week"] = patient.lifestyle.aerobic_minutes_per_week
    found["painful_joints"] = PartialSet(frozenset(symptoms.joints))
    found.update(_pain(patient))
    found["ai_joint_pain"] = _joint_pain(patient)
    ai = patient.aromatase_inhibitor
    found["joint_pain_new_or_worse_since_ai"] = symptoms.new_or_worse_since_ai
    if symptoms.onset is not None:
        if ai.start is not None and ai.status != "planned":
            found["joint_pain_onset_months_after_ai"] = months_between(ai.start, symptoms.onset)
            if symptoms.new_or_worse_since_ai is None:
                found["joint_pain_new_or_worse_since_ai"] = symptoms.onset >= ai.start
        if patient.cancer.chemotherapy_end is not None:
            ended = patient.cancer.chemotherapy_end
            found["joint_pain_onset_months_after_chemotherapy"] = months_between(ended, symptoms.onset)
    found.update(_tried(patient))
    return found


def _pain(patient: Patient) -> dict[str, Any]:
    """Newest worst and average score, 0-10; a plain number counts only where it says which of the two it is."""
    series: dict[str, list[float]] = {"worst": [], "average": []}
    for score in sorted(patient.pain, key=lambda item: item.date):
        kind = {"bpi_worst": "worst", "bpi_average": "average"}.get(score.instrument)
        if score.instrument == "nrs":
            kind = score.worst_or_average
        if kind is not None:
            series[kind].append(score.value)
    worst, average = series["worst"], series["average"]
    return {
        "pain_worst": worst[-1] if worst else None,
        "pain_average": average[-1] if average else None,
        "pain_average_change": average[-1] - average[0] if len(average) > 1 else None,
    }


def _joint_pain(patient: Patient) -> bool | None:
    """Whether joints hurt now, on the aromatase inhibitor; unknown when neither pain nor joints are recorded."""
    if patient.aromatase_inhibitor.status != "current":
        return False
    if patient.symptoms.joints:
        return True
    scores = [s for s in sorted(patient.pain, key=lambda item: item.date) if s.site in JOINT_SITES]
    if scores and scores[-1].instrument not in {"promis_t_score", "haq_di"}:
        return scores[-1].value > 0
    return None


def _tried(patient: Patient) -> dict[str, Any]:
    """What was tried without enough help; what is not named is unknown unless the list is said to be whole."""
    words = {word for entry in patient.tried for word in entry.lower().replace("_", " ").replace(",", " ").split()}
    whole = "tried" in patient.complete_lists
    absent = False if whole else None
    failed = len(words & set(AROMATASE_INHIBITORS))
    return {
        "exercise_failed": True if "exercise" in words else absent,
        "nsaid_failed": absent if words.isdisjoint(NSAIDS) else True,
        "any_remedy_failed": True if words - set(AROMATASE_INHIBITORS) else absent,
        # with gaps in the list the count is a lower bound: two is enough to know, fewer is not
        "aromatase_inhibitors_failed": failed if whole or failed >= 2 else None,
    }
