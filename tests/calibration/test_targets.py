"""Every usable row of the evidence is a target with its own numbers; each row left out has a reason."""

from __future__ import annotations

import math

import pytest

from aimss.calibration.between_trials import covariance, group_of
from aimss.calibration.standard_errors import change_sd, is_printed, standard_error
from aimss.calibration.targets_shipped import bone_arms, bone_targets, evidence_row, left_out
from aimss.evidence.tables import load_table

TARGETS = {t.id: t for t in bone_targets()}
USED = {t.source for t in bone_targets()}


@pytest.mark.parametrize("table", ["bone/bmd", "bone/recovery", "bone/markers", "bone/fractures"])
def test_every_row_is_a_target_or_left_out_with_a_reason(table):
    for row in load_table(table):
        assert (row.id in USED) != (row.id in left_out()), row.id
        assert row.id in USED or len(left_out()[row.id]) > 15


def test_nothing_unverified_is_a_target():
    assert all(evidence_row(t.source).verified != "no" for t in TARGETS.values())
    assert all("verified=no" in left_out()[r.id] for r in load_table("bone/bmd") if r.verified == "no")


def test_numbers_are_those_of_the_evidence():
    for t in TARGETS.values():
        row = evidence_row(t.source)
        names = [c for c in ("pct_change", "between_arm_difference") if c in row.cells]
        printed = [row[c] for c in names if isinstance(row[c], float)]
        if printed and not t.note:
            assert t.observed == printed[0], t.id


def test_every_target_has_a_role_a_part_and_arms():
    for t in TARGETS.values():
        assert t.role in ("calibrate", "check")
        assert t.part is not None
        assert {t.arm, t.comparator or t.arm} <= set(bone_arms())
        assert 0 < standard_error(t) < 5


def test_rule_for_standard_errors():
    printed = TARGETS["bone/bmd:9"]  # IES: -2.7 (-3.4 to -2.0)
    assert is_printed(printed)
    assert standard_error(printed) == pytest.approx(1.4 / 3.92, abs=1e-3)
    from_n = TARGETS["bone/bmd:21"]  # MA.17B: 122 women, no interval
    assert not is_printed(from_n)
    assert standard_error(from_n) == pytest.approx(change_sd("total_hip", 24) / math.sqrt(122))
    median = TARGETS["bone/bmd:1"]
    assert standard_error(median) == pytest.approx(1.253 * 4.4 / math.sqrt(103))
    quartiles = TARGETS["bone/bmd:162"]  # CALGB: -6.7 (IQR -9.7 to -2.9), 75 women
    assert standard_error(quartiles) == pytest.approx(1.253 * 6.8 / 1.349 / math.sqrt(75), rel=1e-6)


def test_study_effects_have_a_covariance():
    targets = [t for t in TARGETS.values() if group_of(t)]
    import numpy as np

    whole = covariance(
        targets, {"spine": 1.7, "hip": 1.1, "marker": 0.3, "fracture": 0.15, "estradiol": 0.4, "wide": 1.6}
    )
    assert np.linalg.eigvalsh(whole).min() > -1e-9
    assert np.allclose(whole, whole.T)
