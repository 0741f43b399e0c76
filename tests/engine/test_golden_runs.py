"""The check runs of the bone model's specification, reproduced to their stated tolerance with its first fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scenarios import MONTH, schedule_of

from aimss.body.declaration import STATES
from aimss.body.outputs import log_bmd, markers
from aimss.body.parameters import first_fit
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.trajectories import complete_constants

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "bone_reference_runs.json").read_text())
TOLERANCE = GOLDEN["tolerance"]
# The check values hold the ovarian term at the left end of 0.125 d steps: on average it is this old. The same age
# here leaves the tolerances as they were stated (without it estradiol at mid-menopause is 2.5e-4 off, BMD is not).
OVARIAN_LAG_YEARS = 0.125 / 2 / 365.25


@pytest.mark.parametrize("name", GOLDEN["scenarios"])
def test_golden_run(name):
    scenario = GOLDEN["scenarios"][name]
    columns, rows = scenario["columns"], np.array(scenario["rows"])
    expected = {c: rows[:, i] for i, c in enumerate(columns)}
    start = np.array([[expected[s.symbol][0] for s in STATES]])
    constants = {
        **first_fit(),
        "years_since_final_menstrual_period": scenario["years"] - OVARIAN_LAG_YEARS,
        "peripheral_estradiol_pmol_l": 18.0,
    }
    found = integrate(constants, start, [schedule_of(scenario)], [0], 0.0, expected["month"] * MONTH, rtol=1e-6).states
    for i, state in enumerate(STATES):
        absolute = TOLERANCE["log_volume"] if state.symbol.startswith("LV") else TOLERANCE["absolute"]
        relative = 0.0 if state.symbol.startswith("LV") else TOLERANCE["relative"]
        np.testing.assert_allclose(
            found[0, :, i], expected[state.symbol], rtol=relative, atol=absolute, err_msg=state.name
        )
    whole = complete_constants(constants, 1)
    for site, short in (("lumbar_spine", "LS"), ("total_hip", "TH"), ("femoral_neck", "FN")):
        level = log_bmd(found, whole, site)[0]
        change = 100 * np.expm1(level - level[0])
        np.testing.assert_allclose(change, expected[f"bmd_{short}_pct"], rtol=0, atol=TOLERANCE["bmd_points"])
    for marker, level in markers(found, whole).items():
        change = 100 * (level[0] / level[0, 0] - 1)
        np.testing.assert_allclose(
            change, expected[f"{marker.upper()}_pct"], rtol=0, atol=TOLERANCE["marker_points"], err_msg=marker
        )
