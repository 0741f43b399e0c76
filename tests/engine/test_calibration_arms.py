"""The arms of the first calibration, run from their schedules: the predictions printed with the fit come out again.

`calibration_arms.json` (schedules in months) and `calibration_predictions.csv` came with the specification of the
model; its fit used 2-day steps, so that markers just after a dose differ by up to a quarter of a point.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scenarios import MONTH, schedule_of

from aimss.body.outputs import log_bmd, markers
from aimss.body.parameters import first_fit
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.trajectories import complete_constants

GOLDEN = Path(__file__).parents[1] / "golden"
ARMS = json.loads((GOLDEN / "calibration_arms.json").read_text())
SITES = {"LS": "lumbar_spine", "TH": "total_hip", "FN": "femoral_neck"}
BMD_POINTS, MARKER_POINTS = 0.02, 0.25
# DX compares with an arm of which an unrecorded share took zoledronate; fracture ratios are checked by their fit.
ROWS = [
    row
    for row in csv.DictReader((GOLDEN / "calibration_predictions.csv").open())
    if row["kind"] not in {"DX", "fracture"}
]


@cache
def level(arm, quantity, month):
    stated = ARMS[arm]
    years = stated["years_since_final_period"]
    constants = {
        **first_fit(),
        "years_since_final_menstrual_period": years,
        "peripheral_estradiol_pmol_l": stated.get("peripheral_estradiol_pmol_l", 18.0),
    }
    start = min(-(years + 6) * 365.25, -stated.get("months_before", 0) * MONTH) - 1
    run = integrate(constants, None, [schedule_of(stated)], [0], start, [month * MONTH], rtol=1e-6)
    whole = complete_constants(constants, 1)
    if quantity in SITES:
        return float(np.exp(log_bmd(run.states, whole, SITES[quantity])[0, 0]))
    return float(markers(run.states, whole)[quantity.lower()][0, 0])


def predicted(row):
    quantity, month, before = row["quantity"], float(row["month"]), float(row["reference_month"])

    def ratio(arm):
        return level(arm, quantity, month) / level(arm, quantity, before)

    match row["kind"]:
        case "Y":
            return 100 * (ratio(row["arm"]) - 1) / ((month - before) / 12)
        case "D":
            return 100 * (ratio(row["arm"]) - ratio(row["comparator_arm"]))
        case "MD":
            return 100 * (level(row["arm"], quantity, month) / level(row["comparator_arm"], quantity, month) - 1)
    return 100 * (ratio(row["arm"]) - 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["row_id"])
def test_prediction_of_the_fit(row):
    tolerance = BMD_POINTS if row["quantity"] in SITES else MARKER_POINTS
    assert predicted(row) == pytest.approx(float(row["predicted"]), abs=tolerance)
