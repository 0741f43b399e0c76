"""Write `engine_reference.json`: values for what `bone_reference_runs.csv` leaves out, made by the slow reference.

Alendronate, ibandronate, raloxifene, zoledronate after denosumab, and the fracture probabilities of one of them. The
reference (`aimss.forecast.engine.reference`, scipy LSODA at 1e-9) is written from the specification, apart from the
kernel. Run as `PYTHONPATH=src:tests/engine python tests/golden/engine_reference.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import scipy
from scenarios import MONTH, schedule_of

from aimss.body.fracture import cumulative_probabilities, hazards
from aimss.body.mortality import death_hazard
from aimss.body.outputs import estrogen_signal, log_bmd_all, markers, state
from aimss.forecast.engine.reference import integrate_reference
from aimss.forecast.engine.trajectories import complete_constants

MONTHS = list(range(0, 121, 6))
SCENARIOS: dict[str, dict[str, object]] = {
    "alendronate_60_then_off": {
        "courses": [{"start_month": 0, "stop_month": 60, "oral_drug_mg_per_day": ["alendronate", 10.0]}]
    },
    "anastrozole_ibandronate": {
        "courses": [
            {"start_month": 0, "stop_month": 60, "ai": "anastrozole", "oral_drug_mg_per_day": ["ibandronate", 4.93]}
        ]
    },
    "raloxifene_48": {"courses": [{"start_month": 0, "stop_month": 48, "serm": "raloxifene"}]},
    "letrozole_denosumab_then_zoledronate": {
        "courses": [{"start_month": 0, "stop_month": 60, "ai": "letrozole"}],
        "denosumab_mg": [[m, 60] for m in range(0, 36, 6)],
        "zoledronate_mg": [[36, 5], [48, 5]],
    },
}
CONSTANTS = {"years_since_final_menstrual_period": 12.0, "peripheral_estradiol_pmol_l": 18.0}
WOMAN = {"age_years": 62.5, "t_score_total_hip": -1.2, "t_score_lumbar_spine": -1.6, "t_per_log_bmd": 8.0}


def outcomes(states: np.ndarray) -> dict[str, dict[str, list[float]]]:
    """BMD and markers in percent of the start, and the probabilities of fracture, of one woman's states (1, t, s)."""
    whole = complete_constants(CONSTANTS, 1)
    years = np.array(MONTHS) / 12
    bmd = {site: level[0] - level[0, 0] for site, level in log_bmd_all(states, whole).items()}
    found = hazards(
        whole,
        WOMAN["age_years"] + years,
        WOMAN["t_score_total_hip"] + WOMAN["t_per_log_bmd"] * bmd["total_hip"],
        WOMAN["t_score_lumbar_spine"] + WOMAN["t_per_log_bmd"] * bmd["lumbar_spine"],
        state(states, "osteoblasts")[0],
        estrogen_signal(states, whole)[0],
    )
    probabilities = cumulative_probabilities(years, found, death_hazard(WOMAN["age_years"] + years))
    return {
        "bmd_percent": {site: (100 * np.exp(v)).tolist() for site, v in bmd.items()},
        "marker_percent": {k: (100 * v[0] / v[0, 0]).tolist() for k, v in markers(states, whole).items()},
        "fracture_probability": {k: v.tolist() for k, v in probabilities.items()},
    }


def main() -> None:
    document = {
        "provenance": " ".join((__doc__ or "").split()),
        "scipy": scipy.__version__,
        "months": MONTHS,
        "constants": CONSTANTS,
        "woman": WOMAN,
        "scenarios": {},
    }
    for name, scenario in SCENARIOS.items():
        days = np.array(MONTHS) * MONTH
        run = integrate_reference(CONSTANTS, None, [schedule_of(scenario)], [0], -18 * 365.25, days)
        document["scenarios"][name] = {"states": run.states[0].tolist(), **outcomes(run.states)}
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
