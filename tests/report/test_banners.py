"""Banners: their words, then figures read from the scores that the plan carries."""

from __future__ import annotations

import io
import math
import re

import pytest
from html_reading import read_html
from plan_factory import document, validation, validation_part

from aimss.calibration.targets_shipped import bone_arms, bone_targets
from aimss.calibration.unvalidated_ranges import range_errors
from aimss.calibration.validation import Scored
from aimss.calibration.validation_summary import shipped_summary
from aimss.care.cautions import BANNERS
from aimss.report.banners import banner_text
from aimss.report.page import render_page
from aimss.report.terminal import print_summary

SPINE = {
    "banner": "after_denosumab", "what": "lumbar_spine", "unit": "percentage points of bone density",
    "n": 1, "trials": 1, "inside": 0, "middle": -1.25, "lowest": -1.25, "highest": -1.25,
}  # fmt: skip
VERTEBRAL = {
    "banner": "after_denosumab", "what": "clinical_vertebral", "unit": "natural logarithm",
    "n": 3, "trials": 2, "inside": 2, "middle": math.log(0.8), "lowest": math.log(0.25), "highest": math.log(1.1),
}  # fmt: skip
ELSEWHERE = {**SPINE, "banner": "premenopausal_suppression", "middle": 7.7}


def plan(*ranges, sha256="b" * 64):
    return document(validation={**validation(validation_part(), sha256=sha256), "ranges": list(ranges)})


def test_figures_stand_behind_the_words():
    made = plan(SPINE, VERTEBRAL, ELSEWHERE)
    (banner,) = made.banners
    assert banner_text(banner, made) == (
        f"{banner.text} Density of the spine, 1 published result (outside the 90 % range): the model's change lies 1.2 "
        "below the published one (percentage points). Spine fracture, 3 published results of 2 trials (2 of 3 within "
        "the 90 % range): the model's ratio is 0.80 times the published one in the middle, from 0.25 to 1.10."
    )


def test_page_and_terminal_show_them():
    made = plan(VERTEBRAL)
    stream = io.StringIO()
    print_summary(made, None, stream)
    for text in (read_html(render_page(made)).text, " ".join(stream.getvalue().replace("\n! ", " ").split())):
        assert "0.80 times the published one" in text


@pytest.mark.parametrize("made", [document(), plan(VERTEBRAL, sha256="c" * 64), plan(ELSEWHERE)])
def test_no_figures_without_scores_of_these_parameters(made):
    assert banner_text(made.banners[0], made) == made.banners[0].text


def test_no_error_of_the_model_is_typed_into_a_banner():
    for text in BANNERS.values():
        assert not re.search(
            r"\d|\b(?:two|three|four|half|twice|\w+fold)\b", re.sub(r"SAF-AI-01|More than \d+ years", "", text)
        )


def test_the_shipped_scores_hold_every_range_that_widens():
    found = {(one.banner, one.what) for one in shipped_summary().ranges}
    assert {banner for banner, _ in found} == set(BANNERS) - {"suppression_after_menopause"}
    assert ("after_denosumab", "clinical_vertebral") in found


def test_ranges_are_read_from_the_scores():
    arms, targets = bone_arms(), bone_targets()

    def scored(target, off):
        value = float(target.from_scale(target.to_scale(target.observed) + off))
        low, high = value - abs(value), value + abs(value)
        return Scored(target, target.part, low, high, value, low, high, 0.5)

    after = [t for t in targets if t.part == "stopping_denosumab" and t.quantity == "clinical_vertebral"]
    together = [t for t in targets if t.part == "bmd_with_drug" and t.arm == "letrozole_zoledronate_6_monthly"]
    found = range_errors(
        [*(scored(t, -0.1 * i) for i, t in enumerate(after)), *(scored(t, t.month) for t in together)], arms
    )
    by_key = {(one.banner, one.what): one for one in found}
    vertebral = by_key["after_denosumab", "clinical_vertebral"]
    assert (vertebral.n, vertebral.trials, vertebral.unit) == (3, 2, "natural logarithm")
    assert (vertebral.lowest, vertebral.middle, vertebral.highest) == pytest.approx((-0.2, -0.1, 0.0), abs=1e-3)
    # months 36 and 61 of one trial, and not its first year
    spine = by_key["antiresorptive_on_ai_over_3_years", "lumbar_spine"]
    assert (spine.n, spine.trials, spine.lowest, spine.highest) == (2, 1, 36.0, 61.0)
    assert not range_errors([scored(after[0], 0.0)], {})
