"""Write `bone_reference_runs.json`: the eight published check scenarios as arguments of `integrate`, with their values.

The numbers in `bone_reference_runs.csv` are the check values that came with the specification of the bone model
(fixed-step RK4 at 0.125 d, doses every 182.625 d, months of 30.4375 d, peripheral estradiol 18 pmol/L; a row is the
state before a dose, row month 0 is the start state). Its ovarian term was held at the left end of a step, hence the
tolerances in `TOLERANCE`. Run this file to make the JSON from the CSV and the scenarios below.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

HERE = Path(__file__).parent
TOLERANCE = {"relative": 1e-4, "absolute": 1e-6, "log_volume": 1e-5, "bmd_points": 0.005, "marker_points": 0.05}
SIX_MONTHLY = 6


def course(start: int, stop: int, **what: object) -> dict[str, object]:
    return {"start_month": start, "stop_month": stop, **what}


SCENARIOS: dict[str, dict[str, object]] = {
    "natural_ysm12": {"years": 12},
    "letrozole_60_then_off": {"years": 12, "courses": [course(0, 60, ai="letrozole")]},
    "letrozole_zol4_q6m_60": {
        "years": 12,
        "courses": [course(0, 60, ai="letrozole")],
        "zoledronate_mg": [[m, 4] for m in range(0, 60, SIX_MONTHLY)],
    },
    "denosumab_q6m_8y_stop": {"years": 18, "denosumab_mg": [[m, 60] for m in range(0, 96, SIX_MONTHLY)]},
    "tamoxifen24_exemestane36": {
        "years": 12,
        "courses": [course(0, 24, serm="tamoxifen"), course(24, 60, ai="exemestane")],
    },
    "anastrozole_risedronate5": {
        "years": 14,
        "courses": [course(0, 60, ai="anastrozole", oral_drug_mg_per_day=["risedronate", 5.0])],
    },
    "menopause_ysm_minus5": {"years": -5},
    "premeno_ofs98_anastrozole36": {"years": -7, "courses": [course(0, 36, ai="anastrozole", ofs=0.98)]},
}


def main() -> None:
    rows = list(csv.DictReader((HERE / "bone_reference_runs.csv").open()))
    document = {
        "provenance": " ".join((__doc__ or "").split()),
        "tolerance": TOLERANCE,
        "scenarios": {
            name: scenario
            | {
                "columns": [c for c in rows[0] if c != "scenario"],
                "rows": [[float(v) for k, v in r.items() if k != "scenario"] for r in rows if r["scenario"] == name],
            }
            for name, scenario in SCENARIOS.items()
        },
    }
    (HERE / "bone_reference_runs.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
