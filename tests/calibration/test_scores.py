"""Scores against values worked out by hand, and the constant change against a table that it must reproduce."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.calibration.arms import Arm
from aimss.calibration.baselines import constant_change, regimen, seen
from aimss.calibration.scores import coverage, interval_score, rmse
from aimss.calibration.target import Target


def test_interval_score_by_hand():
    observed = np.array([0.0, 3.0, -3.0])
    low, high = np.full(3, -1.0), np.full(3, 1.0)
    assert interval_score(observed, low, high) == pytest.approx([2.0, 2 + 20 * 2, 2 + 20 * 2])
    assert coverage(observed, low, high) == pytest.approx(1 / 3)
    assert rmse([1, 2], [0, 0]) == pytest.approx(np.sqrt(2.5))


def arm(*treatments, years=12.0):
    return Arm.model_validate(
        {"population": {"years_since_final_menstrual_period": years}, "treatments": list(treatments)}
    )


ARMS = {
    "ai": arm({"drug": "letrozole"}),
    "none": arm(),
    "ai_zoledronate": arm({"drug": "letrozole"}, {"drug": "zoledronate", "dose_mg": 4, "at_months": [0]}),
    "denosumab": arm({"drug": "denosumab"}),
}


def bmd(name, arm, study, month, observed):
    return Target(id=name, study=study, arm=arm, quantity="bmd", site="lumbar_spine", month=month, observed=observed)


TRAINING = [bmd("1", "ai", "A", 24, -4.0), bmd("2", "ai", "B", 12, -2.0), bmd("3", "denosumab", "C", 12, 5.0)]


def test_regimens_from_drugs():
    assert {n: regimen(ARMS, n) for n in ARMS} == {
        "ai": "ai", "none": "untreated", "ai_zoledronate": "ai_zoledronate", "denosumab": "denosumab"
    }  # fmt: skip


def test_constant_change_scales_with_time_and_never_sees_its_own_trial():
    found = constant_change(ARMS, [bmd("x", "ai", "new", 36, 0.0)], TRAINING)
    assert found[0] == pytest.approx(-6.0, rel=0.02)
    own = constant_change(ARMS, [TRAINING[2]], TRAINING)
    assert own[0] == pytest.approx(0.0)  # no other trial of denosumab and none untreated: no change
    pooled = constant_change(ARMS, [bmd("y", "ai_zoledronate", "new", 12, 0.0)], TRAINING)
    assert pooled[0] == pytest.approx(-2.0, rel=0.02)  # an unseen regimen on an inhibitor: that of the inhibitor


def test_seen_and_unseen_regimens():
    assert seen(ARMS, TRAINING[0], TRAINING)
    assert not seen(ARMS, TRAINING[2], TRAINING)
