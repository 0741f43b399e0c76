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
from aimss.report.banners import banner_figures
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
    assert banner_figures(banner, made) == (
        "The model against published results: its change in density of the spine, 1.2 percentage points below "
        "(1 result of 1 trial, 0 within the 90 % range); spine fracture, 0.80 times the published ratio "
        "(0.25 to 1.10; 3 results of 2 trials, 2 within the 90 % range)."
    )


def test_page_and_terminal_show_them():
    made = plan(VERTEBRAL)
    stream = io.StringIO()
    print_summary(made, None, stream)
    for text in (read_html(render_page(made)).text, " ".join(stream.getvalue().replace("\n! ", " ").split())):
        assert "0.80 times the published ratio" in text


@pytest.mark.parametrize("made", [document(), plan(VERTEBRAL, sha256="c" * 64), plan(ELSEWHERE)])
def test_no_figures_without_scores_of_these_parameters(made):
    assert banner_figures(made.banners[0], made) == ""


def test_no_error_of_the_model_is_typed_into_a_banner():
    for text in BANNERS.values():
        assert not re.search(
            r"\d|\b(?:two|three|four|half|twice|\w+fold)\b", re.sub(r"SAF-AI-01|More than \d+ years", "", text)
        )


def test_the_shipped_scores_hold_every_range_that_widens():
    found = {(one.banner, one.what) for one in shipped_summary().ranges}
    assert {banner for banner, _ in found} == set(BANNERS) - {"suppression_after_menopause"}
    assert ("after_denosumab", "clinical_vertebral") in found


def test_the_shipped_scores_bear_out_what_the_words_say_of_the_direction():
    found = {(one.banner, one.what): one for one in shipped_summary().ranges}
    fractures = found["after_denosumab", "clinical_vertebral"]
    assert "under-stated" in BANNERS["after_denosumab"]
    assert fractures.middle < 0
    assert fractures.lowest < math.log(0.67)
    assert "gains less in them than the model says" in BANNERS["antiresorptive_on_ai_over_3_years"]
    assert found["antiresorptive_on_ai_over_3_years", "lumbar_spine"].middle > 0
    assert "loses too little at the spine" in BANNERS["premenopausal_suppression"]
    assert found["premenopausal_suppression", "lumbar_spine"].highest > 2


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
