"""Her density bears on her relative changes: through scans, never where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.body.parameters import default
from aimss.care.compile import compile_strategy
from aimss.care.library import find_strategy
from aimss.forecast.derivatives import bmd_derivatives
from aimss.forecast.forecast import Settings, forecast
from aimss.forecast.her_data import HerData
from aimss.forecast.thinness import thinness
from aimss.patient.densitometry import population_bmd, young_reference
from aimss.patient.reading import read_record

SMALL = Settings(years=3, twins=200, seed=5, workers=1)


def record(t_score=None, age=62):
    scans = {} if t_score is None else {
        "dxa": [{"date": "2026-05-01", "site": "lumbar_spine", "t_score": t_score, "device": "hologic"}]
    }  # fmt: skip
    return read_record(
        {
            "sex": "female", "record_date": "2026-06-01", "age_years": age, "bmi_kg_m2": 25,
            "menopause": {"status": "postmenopausal", "age_at_final_menstrual_period_years": 50},
            "aromatase_inhibitor": {"status": "planned", "drug": "letrozole", "planned_years": 5},
            "complete_lists": ["drugs"], **scans,
        }
    )  # fmt: skip


def thinness_of(patient):
    return HerData.of(patient, default(), "nhanes3_manufacturer").thinness(default())


def change(patient, strategy, given_data=True):
    compiled = [compile_strategy(find_strategy(strategy), patient, SMALL.years)]
    made = forecast(patient, compiled, default(), SMALL, given_data).strategies[0].bmd[..., 0]
    return float(np.median(np.log(made[:, -1] / made[:, 0])))


def test_thin_bone_loses_and_gains_a_larger_share_of_itself():
    thin, dense = record(-3.2), record(0.5)
    assert change(thin, "ai_alone") < change(dense, "ai_alone") < 0
    assert change(thin, "denosumab_ongoing") > change(dense, "denosumab_ongoing") > 0


def test_without_her_scans_she_is_forecast_as_a_woman_of_her_age():
    assert change(record(-3.2), "ai_alone", given_data=False) == change(record(0.5), "ai_alone", given_data=False)


def test_a_woman_without_a_scan_has_the_density_of_her_age():
    found = thinness_of(record())
    for site, value in found.items():
        population = population_bmd(site, 62)
        expected = np.log(population.value) - (population.sd / population.value) ** 2 / 2
        assert value == pytest.approx(float(thinness(site, np.exp(expected), default())))


def test_a_scan_of_the_spine_tells_of_the_hip_by_their_correlation():
    thin, unknown = thinness_of(record(-3.2)), thinness_of(record())
    own = float(thinness("lumbar_spine", young_reference("lumbar_spine").bmd_g_cm2(-3.2), default()))
    # a scan has noise: it is believed most of the way
    assert unknown["lumbar_spine"] < thin["lumbar_spine"] < own
    assert thin["lumbar_spine"] == pytest.approx(own, abs=0.03)
    assert (
        unknown["total_hip"]
        < thin["total_hip"]
        < unknown["total_hip"] + (thin["lumbar_spine"] - unknown["lumbar_spine"])
    )


def test_the_exponent_itself_has_a_derivative_where_bone_is_thin():
    thin = record(-3.2)
    compiled = compile_strategy(find_strategy("ai_alone"), thin, SMALL.years)
    found = bmd_derivatives(thin, compiled, default(), 36.0, thinness_of(thin))["lumbar_spine"]
    assert next(d["points_per_sd"] for d in found if d["parameter"] == "density_exponent") < -0.1
