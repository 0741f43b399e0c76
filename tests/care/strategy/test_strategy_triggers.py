"""Conditional courses: check days, what meets a condition, and each woman's own schedule."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.body.schedule import DOSES, INPUTS
from aimss.care.compile import compile_strategy
from aimss.care.library import find_strategy
from aimss.care.strategy import parse_strategy
from aimss.care.triggers import first_met, resolve_triggers

MONTH, YEAR = 365.25 / 12, 365.25


def strategy_of(*courses):
    return parse_strategy({"name": "mine", "label": "Mine", "summary": "Mine.", "courses": list(courses)})


def test_checks_run_from_today_to_the_end_of_the_course(planned):
    compiled = compile_strategy(find_strategy("zoledronate_when_osteoporotic"), planned, 10)
    (trigger,) = compiled.triggers
    assert trigger.name == "zoledronate.start"
    assert trigger.check_days == pytest.approx([0, YEAR, 2 * YEAR, 3 * YEAR, 4 * YEAR])
    assert trigger.observed_names == ("t_score_lumbar_spine", "t_score_total_hip", "t_score_femoral_neck")
    short = compile_strategy(find_strategy("zoledronate_when_osteoporotic"), planned, 2)
    assert short.triggers[0].check_days == pytest.approx([0, YEAR])


def test_a_variant_is_the_fixed_strategy_from_its_day(planned):
    compiled = compile_strategy(find_strategy("zoledronate_when_osteoporotic"), planned, 10)
    assert compiled.variant(None) is compiled.schedule
    assert not compiled.schedule.doses.any()
    for day in compiled.triggers[0].check_days:
        fixed = strategy_of({
            "drug": "zoledronate", "dose": "4 mg", "every": "6 months", "stop": "at ai_stop",
            "start": f"+{round(day / YEAR)} years" if day else "now",
        })  # fmt: skip
        expected = compile_strategy(fixed, planned, 10).schedule
        variant = compiled.variant(day)
        assert np.array_equal(variant.times_days, expected.times_days)
        assert np.array_equal(variant.doses, expected.doses)
        # nothing before the day differs
        before = variant.times_days < day
        assert not variant.doses[before].any()
    assert compiled.with_triggers(2 * YEAR).triggers == ()


def test_t_score_at_any_site_is_the_lowest_known(planned):
    (trigger,) = compile_strategy(find_strategy("zoledronate_when_osteoporotic"), planned, 4).triggers
    observed = {
        "t_score_lumbar_spine": np.array([[-1, -2, -2.4, -2.4], [-2.5, -3, -3, -3], [np.nan] * 4, [-1, -1, -1, -1]]),
        "t_score_total_hip": np.array([[-1, -1, -2.5, -3], [-1, -1, -1, -1], [np.nan] * 4, [-1, -1, -1, -1]]),
        "t_score_femoral_neck": np.array([[np.nan] * 4, [-1, -1, -1, -1], [np.nan] * 4, [-1, -1, -1, -2.49]]),
    }
    assert first_met(trigger, observed).tolist() == [2, 0, -1, -1]


def test_a_yearly_loss_needs_two_scans(planned):
    (trigger,) = compile_strategy(find_strategy("zoledronate_when_losing_fast"), planned, 4).triggers
    flat = np.array([[1.0, 1.0, 1.0, 1.0]] * 3)
    spine = np.array([[1, 0.96, 0.92, 0.90], [1, 0.949, 0.94, 0.93], [0.5, 0.5, 0.5, 0.47]])
    observed = {"bmd_lumbar_spine": spine, "bmd_total_hip": flat, "bmd_femoral_neck": flat}
    assert first_met(trigger, observed).tolist() == [-1, 1, 3]


def test_pain_has_to_last(planned):
    (trigger,) = compile_strategy(find_strategy("duloxetine_if_pain_lasts"), planned, 1).triggers
    days = np.array(trigger.check_days)
    assert np.diff(days) == pytest.approx(28)
    pain = np.zeros((4, len(days)))
    pain[0, 2:4] = 9  # two checks, four weeks apart: not eight weeks
    pain[1, 2:5] = 4
    pain[2, :3] = 4
    pain[3, 5:] = 3.99
    assert first_met(trigger, {"pain": pain}).tolist() == [-1, 4, 2, -1]


def t_scores(schedules, index, days):
    """An invented bone: a woman's T-score falls by her own rate a year until zoledronate, then stands still."""
    rates = np.array([0.0, 0.3, 0.6, 2.0])
    out = np.empty((len(index), len(days)))
    for i, which in enumerate(index):
        given = schedules[which].times_days[schedules[which].doses[:, DOSES.index("zoledronate_mg")] > 0]
        stop = given[0] if len(given) else np.inf
        out[i] = -1.5 - rates[i] * np.minimum(days, stop) / YEAR
    return {f"t_score_{site}": out for site in ("lumbar_spine", "total_hip", "femoral_neck")}


def test_each_woman_gets_the_schedule_of_her_own_day(planned):
    compiled = compile_strategy(find_strategy("zoledronate_when_osteoporotic"), planned, 10)
    schedules, index, triggered = resolve_triggers(compiled, 4, t_scores)
    first = []
    for which in index:
        given = schedules[which].times_days[schedules[which].doses[:, DOSES.index("zoledronate_mg")] > 0]
        first.append(float(given[0]) if len(given) else None)
    assert first == [None, pytest.approx(4 * YEAR), pytest.approx(2 * YEAR), pytest.approx(YEAR)]
    assert triggered[index[0]] == {}
    assert triggered[index[2]] == {"zoledronate.start": pytest.approx(2 * YEAR)}


def test_two_conditions_are_settled_in_the_order_of_their_days(planned):
    """Zoledronate starts at T <= -2.5; exemestane takes over while pain lasts, whichever comes first."""
    strategy = strategy_of(
        {"drug": "zoledronate", "dose": "4 mg", "every": "6 months", "stop": "at ai_stop",
         "start": {"when": "t_score", "site": "lumbar_spine", "at_or_below": -2.5}},
        {"drug": "exemestane", "start": {"when": "pain", "at_least": 4, "checked_every_months": 6}},
    )  # fmt: skip
    compiled = compile_strategy(strategy, planned, 6)

    def observe(schedules, index, days):
        found = t_scores(schedules, index, days)
        pain = np.zeros((len(index), len(days)))
        pain[1] = np.where(days >= YEAR, 5, 0)  # pain before the T-score is low
        for i, which in enumerate(index):
            # in the last two women pain comes only half a year after the first infusion
            given = schedules[which].times_days[schedules[which].doses[:, 1] > 0]
            if i >= 2 and len(given):
                pain[i] = np.where(days >= given[0] + 100, 6, 0)
        return {**found, "pain": pain}

    schedules, index, triggered = resolve_triggers(compiled, 4, observe)
    met = [{k: round(v / YEAR, 2) for k, v in triggered[i].items()} for i in index]
    assert met == [
        {},
        {"exemestane.start": 1.0, "zoledronate.start": 4.0},
        {"zoledronate.start": 2.0, "exemestane.start": 2.5},
        {"zoledronate.start": 1.0, "exemestane.start": 1.5},
    ]
    floor = INPUTS.index("ai_half_inhibition")
    constants = {float(schedules[index[1]].inputs[schedules[index[1]].times_days < YEAR, floor][-1])}
    constants.add(float(schedules[index[1]].inputs[-1, floor]))
    assert len(constants) == 2  # letrozole before, exemestane after


def test_a_conditional_switch_leaves_a_planned_ai_in_place_until_then(planned):
    compiled = compile_strategy(find_strategy("switch_if_pain_lasts"), planned, 10)
    assert compiled.schedule.inputs_at(1)["ai_on"] == 1
    assert compiled.flags == ()
    switched = compiled.with_triggers(56.0)
    assert "switches_ai" in switched.flags
    assert "stops_ai_early" not in switched.flags


def test_until_something_that_never_comes_about_is_until_the_planned_end(planned):
    strategy = strategy_of(
        {"drug": "her_ai", "stop": "at exemestane start"},
        {"drug": "exemestane", "start": {"when": "pain", "at_least": 4}},
    )
    compiled = compile_strategy(strategy, planned, 10)
    assert compiled.schedule.inputs_at(5 * YEAR - 1)["ai_on"] == 1
    assert compiled.schedule.inputs_at(5 * YEAR)["ai_on"] == 0
    assert compiled.flags == ()
    assert compiled.variant(280.0).inputs_at(281)["ai_on"] == 1


def test_a_conditional_stop(planned):
    strategy = strategy_of({
        "drug": "her_ai", "stop": {"when": "pain", "at_least": 7, "checked_every_weeks": 4},
    })  # fmt: skip
    compiled = compile_strategy(strategy, planned, 10)
    (trigger,) = compiled.triggers
    assert trigger.name == "her_ai.stop"
    assert trigger.check_days[0] == 28
    assert compiled.schedule.inputs_at(5 * YEAR - 1)["ai_on"] == 1
    assert compiled.variant(280.0).inputs_at(281)["ai_on"] == 0
    assert "stops_ai_early" in compiled.with_triggers(280.0).flags
