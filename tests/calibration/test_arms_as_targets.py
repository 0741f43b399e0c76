"""Every arm of the first fit, written as a user would, gives the prediction that was printed with the fit."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from aimss.calibration.predict import predict
from aimss.calibration.target_files import parse_targets

GOLDEN = Path(__file__).parents[1] / "golden"
ARMS = json.loads((GOLDEN / "calibration_arms.json").read_text())
ROWS = [
    r for r in csv.DictReader((GOLDEN / "calibration_predictions.csv").open()) if r["kind"] not in {"DX", "fracture"}
]
SITES = {"LS": "lumbar_spine", "TH": "total_hip", "FN": "femoral_neck"}


def as_form(stated):
    treatments = []
    for course in stated.get("courses", []):
        span = {"from_month": course["start_month"], "to_month": course["stop_month"]}
        if "ai" in course:
            name = course["ai"] if course["ai"] != "any" else "any_aromatase_inhibitor"
            treatments.append({"drug": name, **span})
        if "serm" in course:
            treatments.append({"drug": course["serm"], **span})
        if "ofs" in course:
            treatments.append({"drug": "ovarian_suppression", "suppressed_share": course["ofs"], **span})
        if "oral_drug_mg_per_day" in course:
            drug, mg = course["oral_drug_mg_per_day"]
            treatments.append({"drug": drug, "dose_mg": mg, "every_days": 1, **span})
    for drug in ("zoledronate", "denosumab"):
        for month, mg in stated.get(f"{drug}_mg", []):
            treatments.append({"drug": drug, "dose_mg": mg, "at_months": [month]})
    population = {"years_since_final_menstrual_period": stated["years_since_final_period"]}
    if "peripheral_estradiol_pmol_l" in stated:
        population["peripheral_estradiol_pmol_l"] = stated["peripheral_estradiol_pmol_l"]
    return {"population": population, "treatments": treatments}


def as_target(row):
    target = {
        "id": row["row_id"], "arm": row["arm"], "month": float(row["month"]), "observed": float(row["observed"]),
        "from_month": float(row["reference_month"]),
    }  # fmt: skip
    if row["quantity"] in SITES:
        target |= {"quantity": "bmd", "site": SITES[row["quantity"]]}
    else:
        target |= {"quantity": row["quantity"].lower()}
    if row["kind"] == "Y":
        target["measure"] = "percent_per_year"
    if row["comparator_arm"]:
        target |= {"comparator": row["comparator_arm"], "relative": row["kind"] == "MD"}
    return target


def test_predictions_of_the_first_fit():
    file = parse_targets(
        {
            "schema": "aimss-targets/1",
            "arms": {name: as_form(a) for name, a in ARMS.items()},
            "targets": [as_target(r) for r in ROWS],
        }
    )
    parameters = first_parameters()
    found = predict(file.arms, file.targets, parameters=parameters, relative_tolerance=1e-6)[0]
    for row, value in zip(ROWS, found, strict=True):
        tolerance = 0.02 if row["quantity"] in SITES else 0.25
        assert value == pytest.approx(float(row["predicted"]), abs=tolerance), row["row_id"]


def first_parameters():
    from aimss.body.parameters import first_fit

    return first_fit()
