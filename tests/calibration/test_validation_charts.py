"""Ranks, reliability and the charts of the validation."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.calibration.intervals import Predictive
from aimss.calibration.scores import by_chance, reliability
from aimss.calibration.target import Target
from aimss.calibration.validation import Scored
from aimss.calibration.validation_charts import predicted_against_observed, reliability_plot


def target(name="x", quantity="bmd", observed=-2.0, **more):
    given = {"site": "lumbar_spine"} if quantity == "bmd" else {}
    return Target.model_validate(
        {
            "id": name,
            "study": name,
            "arm": "ai",
            "quantity": quantity,
            "month": 12,
            "observed": observed,
            **given,
            **more,
        }
    )


def scored(part, rank=0.5, **more):
    t = target(**more)
    return Scored(t, part, t.observed - 1, t.observed + 1, t.observed, t.observed - 2, t.observed + 2, rank)


def test_reliability_by_hand():
    ranks = np.array([0.1, 0.2, 0.7, 0.9])
    assert reliability(ranks, np.array([0.0, 0.15, 0.5, 0.9, 1.0])) == pytest.approx([0, 0.25, 0.5, 1, 1])


def test_chance_band_of_one_half():
    low, high = by_chance(10, np.array([0.0, 0.5, 1.0]))
    # of 10 fair coins 2 to 8 heads hold 90 %: P(X <= 1) = 0.011 and P(X <= 2) = 0.055
    assert low == pytest.approx([0, 0.2, 1])
    assert high == pytest.approx([0, 0.8, 1])


def test_ranks_are_shares_below():
    draws = np.array([[-3.0, 1.0], [-1.0, 2.0], [0.0, 3.0], [1.0, 4.0]])
    both = (target(observed=-0.5), target(observed=10.0))
    assert Predictive(both, draws).ranks() == pytest.approx([0.5, 1.0])


def test_ranks_are_on_the_scale_of_errors():
    ratio = target(quantity="hip", measure="hazard_ratio", comparator="none", observed=0.5)
    draws = np.log(np.array([[0.25], [0.4], [0.6], [0.8]]))
    assert Predictive((ratio,), draws).ranks() == pytest.approx([0.5])


def test_every_part_has_its_panel_and_every_result_its_point():
    rows = [scored("bmd_on_ai", name="a"), scored("bmd_on_ai", name="b", observed=5.0), scored("stopping_ai", name="c")]
    panels = predicted_against_observed(rows)["concat"]
    assert [p["title"]["text"] for p in panels] == [
        "Bone density on an aromatase inhibitor alone (2)", "After stopping an inhibitor (1)"
    ]  # fmt: skip
    points = [r for p in panels for r in p["layer"][2]["data"]["values"]]
    assert [(r["observed"], r["predicted"], r["held"]) for r in points] == [
        (-2.0, -2.0, "inside"), (5.0, 5.0, "inside"), (-2.0, -2.0, "inside")
    ]  # fmt: skip


def test_a_zero_turns_the_logarithm_off():
    rows = [
        Scored(target(quantity="hip", observed=1.0), "fractures", 0.5, 2, 0.5, 0.0, 2, 0.1),
        Scored(target(quantity="hip", observed=2.0), "fractures", 1, 3, 0.5, 0.1, 2, 0.1),
    ]
    assert "type" not in predicted_against_observed(rows)["concat"][0]["layer"][1]["encoding"]["x"]["scale"]
    assert predicted_against_observed(rows[1:])["concat"][0]["layer"][1]["encoding"]["x"]["scale"]["type"] == "log"


def test_reliability_plot_of_all_at_one_end():
    spec = reliability_plot([scored("bmd_on_ai", rank=0.99, name=str(i)) for i in range(4)])
    line = spec["layer"][2]["data"]["values"]
    assert {r["of"] for r in line} == {"bone density (4)"}
    assert [r["seen"] for r in line if r["p"] < 98.5] == [0.0] * 99
    assert line[-1]["seen"] == 100


def test_charts_are_drawn_without_targets_of_a_part():
    from aimss.charting import render_svg

    rows = [scored("markers", name="m", quantity="ctx", observed=20.0)]
    assert "currentColor" in render_svg(predicted_against_observed(rows))
    assert "currentColor" in render_svg(reliability_plot(rows))
