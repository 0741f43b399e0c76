"""Stopping: the hazards reproduce what they were fitted to, by cause, and a setting is always named."""

import numpy as np
import pytest
from tests.joint.first_fit import PUBLISHED, first_fit

from aimss.body.joint_draws import persistence_draws
from aimss.body.persistence import (
    NEW_SETTING,
    burden,
    persistence_targets,
    population_stopping,
    setting_rates,
    settings,
    stopping,
)
from aimss.errors import ParameterError

GOLDEN_NAME = {
    ("henry2012", "pain"): "elph_msk24",
    ("henry2012", "other"): "elph_other24",
    ("chim2013", "pain"): "chim_pain29",
    ("chim2013", "other"): "chim_other29",
    ("laroche2014", "pain"): "laroche_pain12",
    ("egawa2016_savs", "pain"): "egawa_pain12",
    ("egawa2016_savs", "other"): "egawa_other12",
    ("presant2007", "pain"): "presant_pain18",
    ("chirgwin2016", "any"): "big_let60",
    ("hershman2011", "any"): "hershman54",
    ("ma27_goss2013", "any"): "ma27_49",
    ("sestak2018_ibis2", "any"): "ibis_plc60",
}


def test_discontinuation_of_the_first_fit_is_reproduced_from_its_draws():
    """Another program made the first fit: our hazards on its draws give what it printed."""
    runs, draws = {}, (first_fit("latent"), first_fit("persistence"))
    assert len(persistence_targets()) == len(GOLDEN_NAME)
    for target in persistence_targets():
        key = (target.setting, target.on_drug)
        if key not in runs:
            runs[key] = population_stopping(target.setting, on_drug=target.on_drug, draws=draws)
        left = runs[key]
        path = {"pain": left.for_pain, "other": left.for_other_reasons, "any": left.any_cause}[target.cause]
        observed, median, low, high = PUBLISHED["calibration"][GOLDEN_NAME[target.setting, target.cause]]
        assert target.observed == pytest.approx(observed, abs=5e-4)
        assert np.quantile(path[:, int(target.month)], [0.5, 0.025, 0.975]) == pytest.approx(
            [median, low, high], abs=0.01
        )


def test_blinded_hazard_ratio_of_stopping_of_the_first_fit_is_reproduced():
    draws = (first_fit("latent"), first_fit("persistence"))
    on, off = (
        population_stopping("sestak2018_ibis2", on_drug=drug, context=0.0, draws=draws).any_cause[:, 60]
        for drug in (True, False)
    )
    found = np.quantile(np.log1p(-on) / np.log1p(-off), [0.5, 0.025, 0.975])
    assert found == pytest.approx(PUBLISHED["calibration"]["ibis_hr"][1:], abs=0.01)


def test_causes_add_up_and_stopping_only_grows():
    theta = {name: v[:3] for name, v in persistence_draws().items()}
    time = np.arange(61.0)
    load = np.linspace(0, 6, 61) * np.ones((3, 1))
    left = stopping(load, time, theta, (np.full(3, 0.03), np.full(3, 0.005)))
    total = left.any_cause
    assert np.all(np.diff(left.for_pain, axis=1) >= 0)
    assert np.all(np.diff(left.for_other_reasons, axis=1) >= 0)
    assert np.all((total >= 0) & (total < 1))
    # a slow reference: small steps of the two competing rates
    alive, pain = 1.0, 0.0
    steps = 200
    for month in range(60):
        for _ in range(steps):
            v = 6 * (month + 0.5) / 60
            a = (
                0.03
                * (v / 3) ** theta["burden_exponent"][0]
                * np.exp(-(month + 0.5) / theta["pain_hazard_fading_months"][0])
            )
            w = theta["late_share_of_other_hazard"][0]
            b = 0.005 * (w + 3 * (1 - w) * np.exp(-(month + 0.5) / 6))
            pain += alive * a / steps
            alive *= 1 - (a + b) / steps
    assert left.for_pain[0, -1] == pytest.approx(pain, abs=2e-3)
    assert 1 - total[0, -1] == pytest.approx(alive, abs=2e-3)


def test_nobody_stops_a_drug_that_is_not_taken():
    theta = {name: v[:1] for name, v in persistence_draws().items()}
    off = stopping(np.full((1, 13), 5.0), np.arange(13.0), theta, (np.array([0.05]), np.array([0.01])),
                   on_treatment=np.zeros(13))  # fmt: skip
    assert off.any_cause.max() == 0.0


def test_more_pain_means_more_stopping_for_pain():
    theta = {name: v[:1] for name, v in persistence_draws().items()}
    mild, severe = (
        stopping(np.full((1, 25), v), np.arange(25.0), theta, (np.array([0.02]), np.array([0.004]))) for v in (1.0, 5.0)
    )
    assert severe.for_pain[0, -1] > mild.for_pain[0, -1]


def test_burden_is_half_pain_and_half_rise():
    x = np.array([[2.0, 6.0, 1.0]])
    assert burden(x, x[:, 0]) == pytest.approx(np.array([[1.0, 5.0, 0.5]]))


def test_a_new_setting_gives_the_published_spread():
    left = population_stopping(NEW_SETTING).any_cause
    # design: 12 months 12 % (5-34), 5 years 27 % (12-63); the draws of the setting are ours, so the ends are looser
    low, median, high = np.quantile(left[:, 12], [0.025, 0.5, 0.975])
    assert median == pytest.approx(np.median(PUBLISHED["new_setting_stopped_12_months"]), abs=0.02)
    assert low == pytest.approx(0.05, abs=0.02)
    assert high == pytest.approx(0.34, abs=0.12)
    assert np.median(left[:, 60]) == pytest.approx(np.median(PUBLISHED["new_setting_stopped_60_months"]), abs=0.04)


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match="henry2012"):
        setting_rates(persistence_draws(), "somewhere")
    assert settings()[0] == NEW_SETTING
    assert "henry2012" in settings()
