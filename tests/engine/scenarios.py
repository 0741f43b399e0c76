"""Schedules in months of 30.4375 d, as the check runs and the calibration arms state them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aimss.body.parameters import default
from aimss.body.schedule import Schedule

MONTH = 30.4375
# The first row of a schedule also holds before its time: an empty one comes first.
NOTHING_YET = (-36525.0, dict[str, float]())


def ai_inputs(drug: str) -> dict[str, float]:
    p = default()
    return {
        "ai_on": 1.0,
        "ai_elimination_rate_per_day": p[f"ai_{drug}_elimination_rate"],
        "ai_half_inhibition": p[f"ai_{drug}_half_inhibition"],
        "ai_max_inhibition": p[f"ai_{drug}_max_inhibition"],
        "ai_residual_floor": p[f"ai_{drug}_residual_floor"],
    }


def schedule_of(scenario: Mapping[str, Any]) -> Schedule:
    """Compile {courses, zoledronate_mg, denosumab_mg}, times in months, into a schedule."""
    changes: list[tuple[float, dict[str, float]]] = [NOTHING_YET]
    courses: Sequence[Mapping[str, Any]] = scenario.get("courses", [])
    # a stop before the start of the next course on the same day
    for course in sorted(courses, key=lambda c: c["start_month"]):
        on: dict[str, float] = {}
        off: dict[str, float] = {}
        if "ai" in course:
            on |= ai_inputs(course["ai"])
            off["ai_on"] = 0.0
        if "serm" in course:
            on |= {"serm_on": 1.0, "serm_is_raloxifene": float(course["serm"] == "raloxifene")}
            off["serm_on"] = 0.0
        if "ofs" in course:
            on["ovarian_suppression"] = course["ofs"]
            off["ovarian_suppression"] = 0.0
        if "oral_drug_mg_per_day" in course:
            drug, mg = course["oral_drug_mg_per_day"]
            on[f"{drug}_mg_per_day"] = mg
            off[f"{drug}_mg_per_day"] = 0.0
        changes += [(course["start_month"] * MONTH, on), (course["stop_month"] * MONTH, off)]
    # within a day the stops come first, so that a course that follows at once is not switched off
    starts = {c["start_month"] * MONTH for c in courses}
    changes.sort(key=lambda c: (c[0], c[0] in starts and any(v for v in c[1].values())))
    doses = [(m * MONTH, name, mg) for name in ("zoledronate_mg", "denosumab_mg") for m, mg in scenario.get(name, [])]
    return Schedule.build(changes, doses)
