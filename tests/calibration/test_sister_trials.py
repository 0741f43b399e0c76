"""Other trials as a yardstick, against a table worked out by hand."""

from __future__ import annotations

import pytest

from aimss.calibration.arms import Arm
from aimss.calibration.sister_trials import NAME, another_trial
from aimss.calibration.target import Target


def arm(*treatments, years=12.0):
    return Arm.model_validate(
        {"population": {"years_since_final_menstrual_period": years}, "treatments": list(treatments)}
    )


ARMS = {
    "letrozole": arm({"drug": "letrozole"}),
    "exemestane": arm({"drug": "exemestane"}, years=5.0),
    "placebo": arm(),
    "denosumab": arm({"drug": "denosumab"}),
}


def bmd(study, name, month, observed, **more):
    given = {"quantity": "bmd", "site": "total_hip", **more}
    return Target(id=f"{study}/{name}/{month}", study=study, arm=name, month=month, observed=observed, **given)


PUBLISHED = [
    bmd("A", "letrozole", 24, -3.0),
    bmd("B", "exemestane", 24, -2.0),
    bmd("B", "letrozole", 30, -4.0),
    bmd("C", "letrozole", 18, -1.0),
    bmd("D", "letrozole", 31, -9.0),  # 7 months off
    bmd("E", "letrozole", 24, -8.0, site="lumbar_spine"),
    bmd("F", "letrozole", 24, -7.0, from_month=12),
    bmd("G", "letrozole", 24, -6.0, measure="percent_per_year"),
    bmd("H", "letrozole", 24, -2.5, comparator="placebo"),
    bmd("I", "denosumab", 24, 4.0),
    Target(id="J", study="J", arm="letrozole", quantity="t_score", site="total_hip", month=24, observed=-1.0),
]


def test_each_other_trial_counts_once():
    found = another_trial(ARMS, [PUBLISHED[0], bmd("new", "exemestane", 24, 0.0)], PUBLISHED)
    assert found[0] == pytest.approx(((-2.0 - 4.0) / 2 - 1.0) / 2)  # trials B and C
    assert found[1] == pytest.approx((-3.0 + (-2.0 - 4.0) / 2 - 1.0) / 3)  # A, B, C


def test_nothing_without_another_trial_of_the_kind():
    alone = [t for t in PUBLISHED if t.study in "EFGHIJ"]
    assert another_trial(ARMS, alone, PUBLISHED) == [None] * len(alone)


def test_a_difference_is_answered_by_differences():
    difference = bmd("new", "exemestane", 20, 0.0, comparator="placebo")
    assert another_trial(ARMS, [difference], PUBLISHED) == [-2.5]


def test_validation_shows_it_among_the_peers():
    from aimss.calibration.targets_shipped import bone_arms, bone_targets
    from aimss.calibration.validation import score_bone
    from aimss.calibration.validation_scores import summary_of

    found = another_trial(bone_arms(), bone_targets(), bone_targets())
    chosen = [(t, v) for t, v in zip(bone_targets(), found, strict=True) if v is not None][:3]
    scored = score_bone(bone_arms(), [t for t, _ in chosen], draws=20, peers=False)
    assert [s.peers[NAME] for s in scored] == [v for _, v in chosen]
    assert summary_of(scored)["peers"][NAME]["n"] == 3
