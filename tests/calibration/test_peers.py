"""The published models against the check runs and figures that came with their specifications."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from aimss.calibration.peers import joerg_2022, peterson_riggs
from aimss.calibration.peers.answers import answers
from aimss.calibration.targets_shipped import bone_arms, bone_targets

GOLDEN = Path(__file__).parents[1] / "golden" / "peterson_riggs.csv"
ROWS = list(csv.DictReader(GOLDEN.open()))
NAMES = [n for n in ROWS[0] if n not in ("run", "time_h")]
WEEK = 168.0
RUNS = {
    "natural": (None, {}),
    "denosumab_before_menopause": (lambda _: 1.0, {26 * WEEK * k: 60.0 for k in range(20)}),
    "estrogen_0.05_from_60": (
        lambda t: (
            0.05
            if t > 165984
            else peterson_riggs.natural_estrogen_rate(358176.0 + t, 0.0, peterson_riggs.parameters()) / 0.05776227
        ),
        {},
    ),
}


@pytest.mark.parametrize("run", RUNS)
def test_check_runs(run):
    rows = [r for r in ROWS if r["run"] == run]
    estrogen, doses = RUNS[run]
    found = peterson_riggs.run([float(r["time_h"]) for r in rows], estrogen, doses)
    for name in NAMES:
        np.testing.assert_allclose(found[name], [float(r[name]) for r in rows], rtol=2e-3, atol=1e-9, err_msg=name)


def test_joerg_gives_its_published_course():
    """Figures printed with the equations: hip 0.92, 0.86, 0.81 at 60, 70, 80; CTX 1.29 two years into menopause."""
    at = [365.25 * (age - 40) for age in (45, 52, 60, 70, 80)]
    found = joerg_2022.run(at, 0.0, lambda t: joerg_2022.natural_estrogen(40 + t / 365.25), {}, lambda _: 0.0)
    assert found["total_hip"][2:] / found["total_hip"][0] == pytest.approx([0.92, 0.86, 0.81], abs=0.01)
    assert found["ctx"][1] / found["ctx"][0] == pytest.approx(1.29, abs=0.01)


def test_joerg_denosumab_and_inhibitor():
    """Hip +2.2, +3.1, +3.8 % at 12, 24, 36 months of denosumab; -2.1 % after 2 years of estrogen x 0.03."""
    start = 25 * 365.25
    natural = lambda t: joerg_2022.natural_estrogen(40 + t / 365.25)  # noqa: E731
    days = [start + 30.4375 * m for m in (0, 12, 24, 36)]
    doses = {start + 1 + 182.6 * k: 60.0 for k in range(6)}
    hip = joerg_2022.run(days, 0.0, natural, doses, lambda _: 0.0)["total_hip"]
    assert 100 * (hip[1:] / hip[0] - 1) == pytest.approx([2.2, 3.1, 3.8], abs=0.15)
    start = 22 * 365.25
    hip = joerg_2022.run(
        [start, start + 730.5], 0.0, lambda t: natural(t) * (0.03 if t > start else 1), {}, lambda _: 0.0
    )["total_hip"]
    assert 100 * (hip[1] / hip[0] - 1) == pytest.approx(-2.1, abs=0.1)


def test_who_answers_what():
    by_id = {t.id: t for t in bone_targets()}
    wanted = [by_id[f"bone/bmd:{i}"] for i in (1, 3, 2, 109, 197)]
    found = answers(bone_arms(), wanted)
    assert [set(f) for f in found] == [{"peterson_riggs"}, {"joerg_2022"}, set(), set(), {"joerg_2022"}]
    assert found[0]["peterson_riggs"] < 0 < found[4]["joerg_2022"]
