"""The density of an arm's women: printed, admitted within a range, or the mean of their age."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.body.fracture import mean_t_score
from aimss.body.parameters import default
from aimss.calibration.arms import Arm, Population
from aimss.calibration.entry_density import entry_t_score, entry_thinness, with_own_density
from aimss.calibration.predict import predict
from aimss.calibration.target import Target
from aimss.calibration.target_files import parse_targets
from aimss.calibration.targets_shipped import bone_targets
from aimss.errors import AimssError
from aimss.patient.densitometry import population_bmd, young_reference

ARMS = {
    "a": Arm.model_validate({"population": {"age_years": 64}, "treatments": [{"drug": "letrozole"}]}),
    "b": Arm.model_validate({"population": {"age_years": 64}}),
    "mixed": Arm.model_validate({"parts": [{"arm": "a", "share": 0.5}, {"arm": "b", "share": 0.5}]}),
}


def target(arm="a", **changes):
    return Target.model_validate(
        {"id": "t", "arm": arm, "quantity": "bmd", "site": "lumbar_spine", "month": 24, "observed": -3.0, **changes}
    )


@pytest.mark.parametrize("limits", [(None, -2.5), (-2.5, -1.0), (-2.0, None), (-4.0, -2.5)])
def test_the_mean_within_a_range_is_that_of_drawn_women(limits):
    population = Population(age_years=64, t_score_range=limits)
    sd = population_bmd("lumbar_spine", 64).sd / young_reference("lumbar_spine").sd
    drawn = np.random.default_rng(1).normal(mean_t_score(default(), "lumbar_spine", 64), sd, 400_000)
    low, high = limits
    kept = drawn[(drawn >= (-99 if low is None else low)) & (drawn <= (99 if high is None else high))]
    assert entry_t_score(population, "lumbar_spine", default()) == pytest.approx(kept.mean(), abs=0.01)


def test_a_printed_mean_is_taken_as_it_is_and_tells_of_the_other_sites():
    population = Population(age_years=64, t_scores={"lumbar_spine": -2.8})
    assert entry_t_score(population, "lumbar_spine", default()) == -2.8
    mean = mean_t_score(default(), "total_hip", 64)
    assert -2.8 < entry_t_score(population, "total_hip", default()) < mean
    by_hip = Population(age_years=64, t_scores={"total_hip": -2.8})
    assert -2.8 < entry_t_score(by_hip, "lumbar_spine", default()) < mean_t_score(default(), "lumbar_spine", 64)
    unknown = Population(age_years=64)
    assert entry_t_score(unknown, "total_hip", default()) == mean


def test_the_mean_woman_of_62_has_no_thinness():
    assert entry_thinness(Population(age_years=62), default()) == pytest.approx(dict.fromkeys(
        ("lumbar_spine", "total_hip", "femoral_neck"), 0.0), abs=1e-12)  # fmt: skip


def test_both_arms_of_a_difference_and_all_parts_of_a_mixture_are_the_women_of_the_target():
    one = target("mixed", comparator="b", t_score_range=[None, -2.5])
    arms, (renamed,) = with_own_density(ARMS, [one])
    assert arms[renamed.comparator].population.t_score_range == (None, -2.5)
    for part in arms[renamed.arm].parts:
        assert arms[part.arm].population.t_score_range == (None, -2.5)
    assert arms["b"].population.t_score_range is None
    assert with_own_density(ARMS, [target()])[1] == (target(),)


def test_women_with_thin_bone_are_predicted_to_lose_a_larger_share():
    thin, dense = target(id="thin", t_score_range=[None, -2.5]), target(id="dense", t_score_range=[-1, None])
    own = {"b": ARMS["b"], "a": ARMS["a"]}
    found = predict(own, [thin, dense, target()])[0]
    assert found[0] < found[2] < found[1] < 0


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ([-1, -2.5], r"lower limit -1 is not below the upper limit -2\.5"),
        ([None, None], r"\[null, -2\.5\]"),
        ([5, 6], "hardly a woman"),
        ([None, -7.5], "hardly a woman"),
        ([True, None], "valid number"),
        (["-4", "-2.5"], "valid number"),
    ],
)
def test_a_range_that_holds_nobody_is_refused(limits, says):
    body = {
        "schema": "aimss-targets/1",
        "arms": {"a": {"population": {"age_years": 64}}},
        "targets": [{"id": "t", "arm": "a", "quantity": "bmd", "site": "lumbar_spine", "month": 12, "observed": -1,
                     "t_score_range": limits}],
    }  # fmt: skip
    with pytest.raises(AimssError, match=says):
        parse_targets(body)


def test_printed_means_and_a_range_are_not_given_together():
    with pytest.raises(ValueError, match="not both"):
        Population(age_years=64, t_scores={"lumbar_spine": -2.8}, t_score_range=(None, -2.5))


def test_a_trial_of_osteoporosis_is_one_of_osteoporosis():
    ranges = {t.study: t.t_score_range for t in bone_targets() if t.quantity == "bmd"}
    assert ranges["HORIZON"] == (None, -2.5)
    assert ranges["ZFAST"] == (-2.0, None)
    assert ranges["SWAN"] is None


@pytest.mark.parametrize(
    ("limits", "words"),
    [((None, -2.5), "T-score at most -2.5"), ((-1, None), "T-score from -1"), ((-2.5, -1), "T-score from -2.5 to -1")],
)
def test_a_row_says_which_women_it_is_about(limits, words):
    assert target(t_score_range=limits).women == words
    assert target().women == ""
