"""Plausible plan documents for tests of the page: invented curves, no model; never a result to quote."""

from __future__ import annotations

import math
from typing import Any

from aimss.forecast.plan_document import PlanDocument

MONTHS = [float(month) for month in range(0, 121, 3)]
YOUNG = {"lumbar_spine": (1.047, 0.110), "total_hip": (0.942, 0.122), "femoral_neck": (0.858, 0.120)}
START = {"lumbar_spine": 0.871, "total_hip": 0.790, "femoral_neck": 0.692}


def series(median: list[float], spread: list[float]) -> dict[str, list[float]]:
    def shifted(factor: float) -> list[float]:
        return [m + factor * s for m, s in zip(median, spread, strict=True)]

    return {
        "median": median,
        "low90": shifted(-1.645),
        "high90": shifted(1.645),
        "low50": shifted(-0.674),
        "high50": shifted(0.674),
    }


def probability(final: float, months: list[float]) -> dict[str, list[float]]:
    median = [final * (1 - math.exp(-m / 70)) / (1 - math.exp(-120 / 70)) for m in months]
    return {
        "median": median,
        "low90": [0.55 * m for m in median],
        "high90": [min(1.0, 1.7 * m) for m in median],
        "low50": [0.8 * m for m in median],
        "high50": [1.25 * m for m in median],
    }


def strategy(
    name: str,
    label: str,
    *,
    yearly: float = -1.2,
    fracture: float = 0.15,
    months: list[float] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """One strategy whose BMD changes by ``yearly`` % a year for five years and by -0.4 % a year after."""
    times = MONTHS if months is None else months
    change = [yearly * min(m, 60) / 12 - 0.4 * max(0, m - 60) / 12 for m in times]
    spread = [math.sqrt(0.3 + 0.09 * m) for m in times]
    bmd = {}
    for site, (mean, sd) in YOUNG.items():
        percent = [c if site == "lumbar_spine" else 0.7 * c for c in change]
        grams = [START[site] * (1 + p / 100) for p in percent]
        grams_spread = [START[site] * s / 100 for s in spread]
        t_score = [(g - mean) / sd for g in grams]
        bmd[site] = {
            **series(grams, grams_spread),
            "change_percent": series(percent, spread),
            "t_score": series(t_score, [g / sd for g in grams_spread]),
        }
    marker = [100 - 12 * yearly * (1 - math.exp(-m / 4)) for m in times]
    return {
        "name": name,
        "label": label,
        "times_months": times,
        "bmd": bmd,
        "markers": {
            m: {"percent_of_start": series(marker, [8 * (1 - math.exp(-t / 6)) for t in times])}
            for m in ("ctx", "p1np", "bsap", "ntx")
        },
        "estradiol": series([0.6] * len(times), [0.2] * len(times)),
        "fracture": {
            kind: {"definition": definition, "cumulative_probability": probability(share * fracture, times)}
            for kind, definition, share in (
                ("any_clinical", "a first hip, clinical vertebral or other non-vertebral fracture", 1.0),
                ("hip", "a first hip fracture", 0.15),
                ("clinical_vertebral", "a first vertebral fracture that comes to medical attention", 0.25),
                ("other_nonvertebral", "a first fracture of another bone but skull, fingers and toes", 0.65),
            )
        },
        **extra,
    }


EXIT_PLAN = {
    "last_dose_month": 54.0,
    "next_dose_due_month": 60.0,
    "follow_on": "zoledronate 5 mg once",
    "follow_on_month": 60.0,
    "text": "Last injection at month 54. Zoledronate 5 mg six months later, markers 3 and 6 months after that.",
}


def document(**changes: Any) -> PlanDocument:
    """A whole plan; keyword arguments replace top-level keys."""
    data: dict[str, Any] = {
        "schema": "aimss-plan/1",
        "record": {
            "sex": "female",
            "age_years": 62,
            "record_date": "2025-03-12",
            "label": "Example B",
            "aromatase_inhibitor": {
                "status": "current",
                "drug": "letrozole",
                "start": "2025-02-01",
                "planned_years": 5,
            },
        },
        "short_answer": [],
        "banners": [
            {
                "id": "after_denosumab",
                "text": "After denosumab the forecast is not validated: vertebral fractures are under-stated.",
                "strategies": ["denosumab"],
            }
        ],
        "missing": [
            {
                "field": "menopause.final_menstrual_period",
                "effect": "sets how fast bone is lost now; the range is wider without it",
                "filled_by": "the spread of the population, about age 50",
            },
            {
                "field": "laboratory: vitamin_d_25oh",
                "effect": "a deficit would add loss",
                "filled_by": "the population",
            },
        ],
        "scans": [
            {"month": -26.0, "site": "lumbar_spine", "bmd_g_cm2": 0.905, "t_score": -1.29, "as_given": "T-score -1.3"},
            {"month": -1.0, "site": "lumbar_spine", "bmd_g_cm2": 0.872, "t_score": -1.59, "as_given": "0.872 g/cm2"},
            {
                "month": -1.0,
                "site": "total_hip",
                "bmd_g_cm2": 0.79,
                "t_score": -1.25,
                "as_given": "0.842 g/cm2 (lunar)",
                "converted": "Lunar to Hologic by the published equation",
            },
        ],
        "past": {
            "months": [-24.0, -18.0, -12.0, -6.0, 0.0],
            "bmd": {
                site: series([START[site] * (1 + 0.012 * k / 2) for k in (4, 3, 2, 1, 0)], [0.008] * 5)
                for site in START
            },
        },
        "conditioning": {
            "observations": 3,
            "effective_sample_size": 231.5,
            "pareto_k": 0.31,
            "moves": 0,
            "prior": strategy("ai_only", "Letrozole to 5 years", yearly=-1.5, fracture=0.17),
        },
        "strategies": [
            strategy("ai_only", "Letrozole to 5 years, no bone medicine", summary="Nothing for the bones but calcium."),
            strategy("zoledronate", "Letrozole with zoledronate 4 mg every 6 months", yearly=0.5, fracture=0.10),
            strategy(
                "denosumab",
                "Letrozole with denosumab 60 mg every 6 months",
                yearly=1.0,
                fracture=0.09,
                flags=["after_denosumab"],
                exit_plan=EXIT_PLAN,
            ),
            strategy("risedronate", "Letrozole with risedronate 35 mg weekly", yearly=0.1, fracture=0.11),
        ],
        "sources": [
            {
                "id": "hadji2017",
                "pmid": "28413771",
                "doi": "10.1016/j.jbo.2017.03.001",
                "status": "verified yes",
                "title": "Joint position statement on bone loss",
                "used_for": "thresholds",
            },
            {"id": "population_2", "status": "assumed", "title": "Spread of peripheral estradiol", "used_for": "model"},
        ],
        "run": {
            "seed": 1,
            "twins": 400,
            "years": 10.0,
            "inputs_sha256": "a" * 64,
            "parameters_sha256": "b" * 64,
            "version": "0.1.0",
            "libraries": {"numpy": "2.3.0"},
            "solver": {"rtol": 1e-4},
            "failures": 0,
            "t_score_reference": "NHANES III (hip), manufacturer (spine)",
            "command": "aimss plan record.yaml --twins 400 --seed 1",
        },
    }
    data.update(changes)
    return PlanDocument.model_validate(data)


def finding(guideline: str, domain: str, verdict: str, **extra: Any) -> dict[str, Any]:
    """One guideline's finding in the shape aimss-rules/1."""
    return {
        "guideline": guideline,
        "domain": domain,
        "verdict": verdict,
        "action": f"what {guideline} says",
        "rule_ids": [f"{guideline}-01"],
        "inputs_used": ["t_score_minimum", "drugs_now"],
        "inputs_missing": [],
        "verified": "yes",
        "readings": [],
        "provisional": False,
        "would_change": [],
        "options": [],
        "strategies": [],
        "not_verified": [],
        "caveat": "",
        "title": f"Statement {guideline}",
        "year": 2019,
        "superseded_by": None,
        "currency": "",
        "source": {"pmid": "28413771", "doi": ""},
        "also": [],
        **extra,
    }


def safety_rule(rule_id: str, state: str, **extra: Any) -> dict[str, Any]:
    """One safety finding in the shape aimss-rules/1."""
    return {
        "rule_id": rule_id,
        "severity": "caution",
        "why": f"why {rule_id}",
        "do": f"do {rule_id}",
        "state": state,
        "context": "a drug",
        "indicator": "warning",
        "red_flag": False,
        "seen": [],
        "inputs_missing": [],
        "status": "verified",
        "citation": f"label {rule_id}",
        **extra,
    }


CHANGE = {
    "text": "treat if lowest T-score < -2.5 (now -1.8)",
    "verdict": "treat",
    "fact": "t_score_minimum",
    "now": -1.8,
}
RULES: dict[str, Any] = {
    "schema": "aimss-rules/1",
    "findings": [
        finding("OLD", "bone", "treat", superseded_by="NEW", currency="superseded by NEW in 2025, which was not read"),
        finding("OTHER", "bone_monitor", "monitor", would_change=[CHANGE], caveat="No number is given."),
        finding("HOLE", "bone", "no_branch_fits", readings=[{"reading": "as printed", "verdict": "treat", "why": ""}]),
        finding("WAITS", "bone", "unknown", inputs_missing=["frax_percent"], inputs_used=[]),
        finding("NEW", "bone", "not_available", verified="no", inputs_used=[], rule_ids=[]),
        finding("JOINT", "joint", "consider", verified="secondary", strategies=["zoledronate"]),
        finding("ELSEWHERE", "adjuvant", "not_applicable"),
        finding("UNREAD", "joint", "not_available", verified="no"),
    ],
    "safety": [
        safety_rule("SAF-RED-01", "open", red_flag=True, inputs_missing=["night_bone_pain"], indicator="critical"),
        safety_rule("SAF-INFO", "fires", indicator="info"),
        safety_rule(
            "SAF-CRIT", "fires", indicator="critical", severity="contraindicated", seen=["clearance 28 mL/min"]
        ),
        safety_rule("SAF-OPEN", "open", inputs_missing=["egfr"]),
        safety_rule("SAF-ALWAYS", "standing"),
    ],
    "facts": {
        "t_score_minimum": {"value": -1.8, "unit": "", "fields": [], "label": "lowest T-score"},
        "drugs_now": {"value": {"holds": ["letrozole"], "absent": [], "whole": True}, "unit": "", "fields": []},
    },
}


def estimate(median: float, low: float, high: float) -> dict[str, float]:
    return {"median": median, "low90": low, "high90": high}


def _course(level: float) -> dict[str, list[float]]:
    median = [level * (1 - math.exp(-m / 3)) + 2.0 for m in MONTHS]
    return {"median": median, "low90": [0.4 * m for m in median], "high90": [1.8 * m for m in median]}


JOINTS: dict[str, Any] = {
    "schema": "aimss-joints/1",
    "instrument": "worst joint pain in the last 24 hours, 0-10",
    "course": {"times_months": MONTHS, "with_ai": _course(1.2), "without_ai": _course(0.6)},
    "of_100": [
        {
            "month": month,
            "code": "S-CUM",
            "definition": "new or worse joint pain, asked repeatedly",
            "with_ai": estimate(p, p - 0.07, p + 0.07),
            "without_ai": estimate(p - 0.06, p - 0.14, p),
        }
        for month, p in ((3, 0.45), (6, 0.56), (12, 0.66), (24, 0.7))
    ],
    "onset": "Half of the women who report it do so within 13 weeks (8 to 20).",
    "easing": ["After stopping it is expected to ease over weeks; how fast is an assumption."],
    "attributable": [
        {
            "low": 0.08,
            "high": 0.18,
            "evidence": "blinded trials against placebo",
            "definition": "adverse-event report, 2 trials",
            "sources": ["ibis2"],
        },
        {"low": 0.14, "high": 0.49, "evidence": "trials against tamoxifen", "sources": ["atac"]},
        {"low": 0.04, "high": 0.23, "evidence": "this model", "sources": []},
    ],
    "remedies": [
        {
            "name": "duloxetine",
            "label": "Duloxetine",
            "specific_effect": estimate(-0.57, -0.92, -0.22),
            "compared_with": "placebo pill",
            "with_placebo_response": estimate(-1.5, -2.3, -0.8),
            "certainty": "moderate",
            "time_to_effect": "weeks",
            "lasting": "gone at 24 weeks",
            "burden": "fatigue, nausea, dry mouth",
            "dissent": "the effect is below the threshold of the instrument",
            "sources": [f"joint/contrasts:{i}" for i in range(30)],
            "status": "fitted",
        },
        {"name": "vitamin_d", "label": "Vitamin D", "specific_effect": None, "certainty": "low"},
    ],
    "choices": [
        {
            "name": name,
            "label": label,
            "pain_12_months": estimate(2.5, 0.4, 6.0),
            "on_ai_12_months": estimate(0.88, 0.66, 0.95),
            "bone": "as in the bone charts",
            "notes": ["No trial shows less pain. The rest folds."] if name == "stop" else [],
            "recurrence": "in one cohort 1.26 times as many deaths after stopping early (1.09 to 1.46), confounded",
            "sources": ["hershman2011"],
        }
        for name, label in (("stay", "Stay on the drug"), ("stop", "Stop it"), ("pause", "Pause for six weeks"))
    ],
    "caveats": ["Pain is no sign that the drug works."],
    "causes_to_rule_out": ["Arthritis of another cause"],
}
HARMS: list[dict[str, Any]] = [
    {
        "drug": "zoledronate",
        "strategies": ["zoledronate"],
        "kind": kind,
        "outcome": outcome,
        "value": value,
        "unit": "per cent",
        "spread": "0.78 to 0.94",
        "population": "postmenopausal women in trials",
        "women": "",
        "study": "EBCTCG 2015",
        "source": "doi",
        "source_url": "",
        "row": "pharmacology/benefit_harm:BH004",
        "verified": verified,
        "caveat": "",
        "hers": hers,
    }
    for kind, outcome, value, verified, hers in (
        ("harm", "osteonecrosis of the jaw", "1.26", "no", None),
        ("harm", "low calcium on dialysis", "24.1", "yes", False),
        ("benefit", "recurrence", "0.86", "yes", True),
    )
]
EXPLAIN: dict[str, Any] = {
    "method": "first-order shares",
    "strategy": "ai_only",
    "twins": 1000,
    "outcomes": [
        {
            "outcome": "T-score at the spine, in 5 years",
            "interval90_width": 1.3,
            "drivers": [{"input": "slope", "label": "her own yearly change", "kind": "she differs", "share": 0.445}],
            "tests": [{"test": "DXA of the spine in a year", "narrows_interval_percent": 27.3}],
        },
        {"outcome": "T-score at the hip", "interval90_width": 1.0, "drivers": [], "tests": []},
    ],
}


def validation_part(part: str = "bmd_on_ai", n: int = 50, inside: int = 45, **changes: Any) -> dict[str, Any]:
    """How one kind of forecast met published results: by default both criteria met."""
    ours, simple = changes.pop("ours", 1.0), changes.pop("simple", 3.0)
    rival = {"n": n, "rmse": simple, "rmse_aimss_on_the_same": ours}
    return {
        "part": part,
        "label": part,
        "n": n,
        "inside": inside,
        "fitted": 0,
        "own_study_effect": False,
        "unit": "percentage points of bone density",
        "n_rmse": n,
        "rmse": ours,
        "bias": 0.1,
        "constant_change": rival if simple else None,
        "other_trials": None,
        **changes,
    }


def validation(*parts: dict[str, Any], sha256: str = "b" * 64) -> dict[str, Any]:
    """Scores of parts, under the parameters of `document` unless told otherwise."""
    return {
        "command": "aimss validate",
        "version": "0",
        "parameters_sha256": sha256,
        "data_sha256": {},
        "between_trials_points": {"spine": 1.74, "hip": 1.24},
        "parts": list(parts),
    }


def whole_document() -> PlanDocument:
    """A plan with every section."""
    scores = validation(
        validation_part(),
        validation_part("bmd_with_drug", inside=30),
        validation_part("fractures", simple=None, unit="natural logarithm"),
        validation_part("prevalence", own_study_effect=True, simple=None, unit="natural logarithm"),
    )
    return document(rules=RULES, joints=JOINTS, harms=HARMS, explain=EXPLAIN, validation=scores)
