"""The response by density: what an exponent of 0 and of 1 mean, through the engine."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.body.density_response import SCALED, scaled_by_density
from aimss.body.parameters import default, first_fit
from aimss.calibration.arm_courses import ArmCourses
from aimss.calibration.arms import Arm


def percent_on_letrozole(t_score, exponent, site="lumbar_spine"):
    arm = Arm.model_validate(
        {
            "population": {"age_years": 62, "t_scores": {site: t_score}},
            "treatments": [{"drug": "letrozole"}],
        }
    )
    parameters = default().replace({"density_exponent": exponent})
    courses = ArmCourses({"a": arm}, {"a": (0.0, 36.0)}, parameters=parameters, relative_tolerance=1e-8)
    return 100 * float(courses.log_bmd("a", site, 36.0)[0, 0] - courses.log_bmd("a", site, 0.0)[0, 0])


@pytest.mark.parametrize("site", ["lumbar_spine", "total_hip", "femoral_neck"])
def test_an_exponent_of_0_is_the_same_percentage_at_every_density(site):
    assert percent_on_letrozole(-3.0, 0.0, site) == pytest.approx(percent_on_letrozole(0.5, 0.0, site), abs=1e-9)


def test_an_exponent_of_1_is_the_same_grams_at_every_density():
    thin, dense = percent_on_letrozole(-3.0, 1.0), percent_on_letrozole(0.5, 1.0)
    # densities of the two T-scores by the spine's reference: 1.047 + 0.110 T g/cm2
    assert thin / dense == pytest.approx((1.047 + 0.110 * 0.5) / (1.047 - 0.110 * 3), rel=0.003)
    assert thin < dense < 0


def test_the_first_fit_knows_no_response_by_density():
    assert first_fit()["density_exponent"] == 0.0


def test_every_site_is_scaled_by_its_own_thinness_and_nothing_else():
    constants = dict(default())
    made = scaled_by_density(constants, {"lumbar_spine": np.array([0.0, 0.3]), "total_hip": np.array([-0.2, 0.1])})
    changed = {name for name in constants if not np.array_equal(made[name], constants[name])}
    assert changed == {f"{name}_{site}" for name in SCALED for site in ("lumbar_spine", "total_hip")}
    ratio = made["turnover_lumbar_spine"] / constants["turnover_lumbar_spine"]
    assert ratio == pytest.approx([1.0, np.exp(0.3 * constants["density_exponent"])])
