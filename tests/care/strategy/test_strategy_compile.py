"""What each strategy gives, on which days: the manual of the compiler."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aimss.body.schedule import DOSES, Schedule
from aimss.care.arrays import ai_constants
from aimss.care.compile import compile_strategy, history_schedule
from aimss.care.library import find_strategy, strategy_library
from aimss.care.strategy import parse_strategy
from aimss.errors import OutOfScopeError, StrategyError

MONTH, YEAR = 365.25 / 12, 365.25


def doses(schedule: Schedule, drug: str) -> list[tuple[float, float]]:
    """(day, mg) of the doses of one drug."""
    amounts = schedule.doses[:, DOSES.index(f"{drug}_mg")]
    return [(float(d), float(a)) for d, a in zip(schedule.times_days, amounts, strict=True) if a > 0]


def dose_months(schedule: Schedule, drug: str) -> list[float]:
    return [round(day / MONTH, 3) for day, _ in doses(schedule, drug)]


def strategy_of(*courses, **fields):
    return parse_strategy({"name": "mine", "label": "Mine", "summary": "Mine.", "courses": list(courses), **fields})


@pytest.mark.parametrize("name", list(strategy_library()))
def test_every_strategy_of_the_library_can_be_carried_out_for_someone(
    name, planned, on_anastrozole, on_denosumab, suppressed
):
    done = []
    for patient in (planned, on_anastrozole, on_denosumab, suppressed):
        try:
            done.append(compile_strategy(find_strategy(name), patient, 10))
        except StrategyError:
            continue
    assert done
    for compiled in done:
        assert np.all(np.diff(compiled.schedule.times_days) > 0)
        assert np.isfinite(compiled.schedule.inputs).all()


# strategy, input, {day: value} for the woman who is to start letrozole today
INPUT_TABLE = [
    ("ai_alone", "ai_on", {-1: 0, 0: 1, 5 * YEAR - 1: 1, 5 * YEAR: 0}),
    ("letrozole_7_years", "ai_on", {0: 1, 7 * YEAR - 1: 1, 7 * YEAR: 0}),
    ("no_ai", "ai_on", {-100: 0, 0: 0, 2000: 0}),
    ("letrozole_intermittent", "ai_on", {
        0: 1, 9 * MONTH - 1: 1, 9 * MONTH: 0, 12 * MONTH - 1: 0, 12 * MONTH: 1, 45 * MONTH: 0, 48 * MONTH: 1,
        57.5 * MONTH: 1, 60 * MONTH: 0,
    }),
    ("tamoxifen_2_years_then_ai", "serm_on", {0: 1, 2 * YEAR - 1: 1, 2 * YEAR: 0}),
    ("tamoxifen_2_years_then_ai", "ai_on", {0: 0, 2 * YEAR - 1: 0, 2 * YEAR: 1, 5 * YEAR: 0}),
    ("raloxifene_after_ai", "serm_on", {0: 0, 5 * YEAR - 1: 0, 5 * YEAR: 1, 9.9 * YEAR: 1}),
    ("raloxifene_after_ai", "serm_is_raloxifene", {5 * YEAR: 1}),
    ("alendronate_70mg_weekly", "alendronate_mg_per_day", {0: 10, 5 * YEAR - 1: 10, 5 * YEAR: 0}),
    ("risedronate_35mg_weekly", "risedronate_mg_per_day", {0: 5, 5 * YEAR: 0}),
    ("risedronate_35mg_weekly_half_taken", "risedronate_mg_per_day", {0: 2.5}),
    ("ibandronate_150mg_monthly", "ibandronate_mg_per_day", {0: 150 / MONTH}),
    ("denosumab_then_alendronate", "alendronate_mg_per_day", {
        60 * MONTH - 1: 0, 60 * MONTH: 10, 84 * MONTH - 1: 10, 84 * MONTH: 0,
    }),
    ("ovarian_suppression_with_ai", "ovarian_suppression", {-1: 0, 0: 0.98, 5 * YEAR - 1: 0.98, 5 * YEAR: 0}),
    ("exercise", "exercise_on", {-1: 0, 0: 1, 9 * YEAR: 1}),
    ("calcium_and_vitamin_d", "vitamin_d_replaced", {-1: 0, 0: 1, 9 * YEAR: 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "column", "expected"), INPUT_TABLE)
def test_inputs_hold_on_their_days(name, column, expected, planned):
    schedule = compile_strategy(find_strategy(name), planned, 10).schedule
    for day, value in expected.items():
        assert schedule.inputs_at(day)[column] == pytest.approx(value, rel=1e-12), day


# strategy, drug, mg, months of the doses for the same woman over 10 years
DOSE_TABLE = [
    ("zoledronate_4mg_6_monthly", "zoledronate", 4, [0, 6, 12, 18, 24, 30, 36, 42, 48, 54]),
    ("zoledronate_4mg_6_monthly_3_years", "zoledronate", 4, [0, 6, 12, 18, 24, 30]),
    ("zoledronate_5mg_yearly", "zoledronate", 5, [0, 12, 24]),
    ("zoledronate_5mg_once", "zoledronate", 5, [0]),
    ("zoledronate_when_osteoporotic", "zoledronate", 4, []),
    ("denosumab_without_follow_on", "denosumab", 60, [0, 6, 12, 18, 24, 30, 36, 42, 48, 54]),
    ("denosumab_one_dose_late", "denosumab", 60, [0, 6, 15, 21, 27, 33, 39, 45, 51, 57]),
    ("denosumab_ongoing", "denosumab", 60, list(range(0, 120, 6))),
    ("denosumab_then_zoledronate", "zoledronate", 5, [60, 72]),
    ("denosumab_then_zoledronate_late", "zoledronate", 5, [66, 78]),
    ("denosumab_one_dose_late", "zoledronate", 5, [63, 75]),
]


@pytest.mark.parametrize(("name", "drug", "mg", "months"), DOSE_TABLE)
def test_doses_fall_on_their_days(name, drug, mg, months, planned):
    schedule = compile_strategy(find_strategy(name), planned, 10).schedule
    assert dose_months(schedule, drug) == months
    assert {amount for _, amount in doses(schedule, drug)} <= {mg}


def test_a_missed_dose_leaves_the_others_in_place(planned):
    course = {"drug": "denosumab", "dose": "60 mg", "every": "6 months", "number_of_doses": 4, "missed": [3]}
    schedule = compile_strategy(strategy_of(course), planned, 5).schedule
    assert dose_months(schedule, "denosumab") == [0, 6, 18]


def test_dose_at_the_stop_is_not_given(planned):
    course = {"drug": "denosumab", "dose": "60 mg", "every": "6 months", "stop": "+12 months"}
    assert dose_months(compile_strategy(strategy_of(course), planned, 5).schedule, "denosumab") == [0, 6]


def test_the_present_ai_runs_through_today_without_a_break(on_anastrozole):
    compiled = compile_strategy(find_strategy("as_now"), on_anastrozole, 10)
    schedule = compiled.schedule
    start = -730.0  # 2024-03-01 to 2026-03-01
    assert schedule.inputs_at(start - 1)["ai_on"] == 0
    for day in (start, -1, 0, 1, start + 5 * YEAR - 1):
        assert schedule.inputs_at(day)["ai_on"] == 1, day
    assert schedule.inputs_at(start + 5 * YEAR)["ai_on"] == 0
    assert schedule.inputs_at(3000)["ai_half_inhibition"] == ai_constants("anastrozole")["ai_half_inhibition"]


def test_a_switch_changes_the_constants_on_its_day_and_keeps_the_planned_end(on_anastrozole):
    schedule = compile_strategy(find_strategy("switch_to_exemestane"), on_anastrozole, 10).schedule
    for day, drug in ((-1, "anastrozole"), (0, "exemestane"), (3000, "exemestane")):
        held = schedule.inputs_at(day)
        assert {k: held[k] for k in ai_constants(drug)} == ai_constants(drug)
    assert schedule.inputs_at(-730 + 5 * YEAR - 1)["ai_on"] == 1
    assert schedule.inputs_at(-730 + 5 * YEAR)["ai_on"] == 0


def test_a_stop_leaves_the_constants_of_the_last_ai(on_anastrozole):
    schedule = compile_strategy(find_strategy("stop_ai_now"), on_anastrozole, 10).schedule
    assert schedule.inputs_at(0)["ai_on"] == 0
    assert schedule.inputs_at(-1)["ai_on"] == 1
    assert (
        schedule.inputs_at(500)["ai_elimination_rate_per_day"]
        == ai_constants("anastrozole")["ai_elimination_rate_per_day"]
    )


def test_a_pause_is_a_gap_and_then_her_ai_goes_on(on_anastrozole):
    compiled = compile_strategy(find_strategy("ai_pause_6_weeks"), on_anastrozole, 10)
    on = [compiled.schedule.inputs_at(day)["ai_on"] for day in (-1, 0, 41, 42, -730 + 5 * YEAR - 1, -730 + 5 * YEAR)]
    assert on == [1, 0, 0, 1, 1, 0]
    assert "pauses_ai" in compiled.flags
    assert "stops_ai_early" not in compiled.flags


def test_a_course_takes_the_place_of_her_drug_in_the_same_slot(make_patient):
    patient = make_patient(
        aromatase_inhibitor={"status": "current", "drug": "letrozole", "start": "2025-03-01"},
        drugs=[{"drug": "alendronate", "dose": 70, "unit": "mg", "interval_days": 7, "start": "2025-03-01"}],
    )
    schedule = compile_strategy(find_strategy("denosumab_ongoing"), patient, 5).schedule
    assert schedule.inputs_at(-1)["alendronate_mg_per_day"] == pytest.approx(10)
    assert schedule.inputs_at(0)["alendronate_mg_per_day"] == 0
    as_now = compile_strategy(find_strategy("as_now"), patient, 5).schedule
    assert as_now.inputs_at(4 * YEAR)["alendronate_mg_per_day"] == pytest.approx(10)


def test_denosumab_keeps_its_rhythm_when_she_already_has_it(on_denosumab):
    last = -90.0  # 2025-12-01
    compiled = compile_strategy(find_strategy("denosumab_then_zoledronate"), on_denosumab, 10)
    given = [day for day, _ in doses(compiled.schedule, "denosumab")]
    assert given[:4] == [-638.0, -455.0, -273.0, last]
    assert given[4] == pytest.approx(last + 6 * MONTH)
    assert np.diff(given[3:]) == pytest.approx(6 * MONTH)
    assert given[-1] < -1096 + 5 * YEAR  # letrozole since 2023-03-01
    assert doses(compiled.schedule, "zoledronate")[0][0] == pytest.approx(given[-1] + 6 * MONTH)


def test_follow_on_comes_although_the_drug_ends_before_the_next_denosumab(on_denosumab):
    ai = on_denosumab.aromatase_inhibitor.model_copy(update={"planned_years": 1120 / YEAR})
    ends_soon = on_denosumab.model_copy(update={"aromatase_inhibitor": ai})  # 24 days ahead; denosumab due in 93
    compiled = compile_strategy(find_strategy("denosumab_then_zoledronate"), ends_soon, 10)
    assert max(day for day, _ in doses(compiled.schedule, "denosumab")) == -90
    assert next(day for day, _ in doses(compiled.schedule, "zoledronate")) == pytest.approx(-90 + 6 * MONTH)
    assert compiled.exit_plan is not None
    assert compiled.exit_plan.status == "planned"
    assert "denosumab_stop_without_follow_on" not in compiled.flags


def test_stopping_denosumab_with_and_without_follow_on(on_denosumab):
    without = compile_strategy(find_strategy("stop_denosumab_now_without_follow_on"), on_denosumab, 10)
    then = compile_strategy(find_strategy("stop_denosumab_now_then_zoledronate"), on_denosumab, 10)
    for compiled in (without, then):
        assert all(day < 0 for day, _ in doses(compiled.schedule, "denosumab"))
        assert "after_denosumab" in compiled.flags
        assert compiled.exit_plan is not None
        assert compiled.exit_plan.last_dose_day == -90
        assert compiled.exit_plan.last_dose_date is not None
        assert compiled.exit_plan.last_dose_date.isoformat() == "2025-12-01"
        assert compiled.exit_plan.doses == 4
    assert "denosumab_stop_without_follow_on" in without.flags
    assert without.exit_plan.status == "missing"
    assert "denosumab_stop_without_follow_on" not in then.flags
    assert then.exit_plan.status == "planned"
    assert then.exit_plan.follow_on_day == pytest.approx(-90 + 6 * MONTH)
    assert doses(then.schedule, "zoledronate")[0] == (pytest.approx(-90 + 6 * MONTH), 5)


def test_an_overdue_dose_is_given_today_and_said(make_patient):
    patient = make_patient(
        aromatase_inhibitor={"status": "current", "drug": "letrozole", "start": "2023-03-01"},
        drugs=[{"drug": "denosumab", "dose": 60, "unit": "mg", "doses": ["2025-01-01", "2025-07-01"]}],
    )
    compiled = compile_strategy(find_strategy("as_now"), patient, 3)
    assert [day for day, _ in doses(compiled.schedule, "denosumab")][2] == 0
    assert any("due" in note.assumed for note in compiled.notes)
    assert "denosumab_dose_late" in compiled.flags


def test_no_ai_takes_the_past_away_too_and_says_so(on_anastrozole, planned):
    compiled = compile_strategy(find_strategy("no_ai"), on_anastrozole, 10)
    assert not compiled.schedule.inputs[:, 0].any()
    assert not compiled.shares_past
    assert "counterfactual" in compiled.flags
    assert compile_strategy(find_strategy("no_ai"), planned, 10).shares_past


def test_an_ai_before_menopause_needs_suppression_on_every_day(suppressed, make_patient):
    premenopausal = make_patient(age_years=44, menopause={"status": "premenopausal"})
    with pytest.raises(OutOfScopeError, match="ovarian suppression"):
        compile_strategy(find_strategy("ai_alone"), premenopausal, 10)
    unknown = make_patient(age_years=46, menopause=None)
    with pytest.raises(OutOfScopeError, match="menopause unknown"):
        compile_strategy(find_strategy("letrozole_5_years"), unknown, 10)
    short = strategy_of({"drug": "ovarian_suppression", "lasts": "2 years"})
    with pytest.raises(OutOfScopeError, match="day 730"):
        compile_strategy(short, premenopausal, 10)
    assert "premenopausal_suppression" in compile_strategy(find_strategy("as_now"), suppressed, 10).flags
    assert compile_strategy(find_strategy("no_ai"), premenopausal, 10).flags == ("counterfactual",)


def test_ovarian_suppression_after_menopause_is_remarked_and_changes_nothing(planned, make_patient):
    for name in ("ovarian_suppression_with_ai", "ovarian_suppression_ai_and_zoledronate"):
        compiled = compile_strategy(find_strategy(name), planned, 2)
        (banner,) = compiled.banners
        assert (banner.key, banner.from_day, banner.widens) == ("suppression_after_menopause", 0.0, False)
        assert "SAF-AI-01" in banner.text
        assert "suppression_after_menopause" in compiled.flags
    assert compile_strategy(find_strategy("ai_alone"), planned, 2).banners == ()
    by_age = make_patient(age_years=60, menopause=None)
    assert compile_strategy(find_strategy("ovarian_suppression_with_ai"), by_age, 2).banners[0].key == banner.key
    ended = [{"drug": "ovarian_suppression", "start": "2015-01-01", "stop": "2018-01-01"}]
    past = make_patient(drugs=ended)
    assert compile_strategy(find_strategy("ai_alone"), past, 2).banners == ()


def test_three_years_of_a_bone_drug_on_an_ai_raise_a_banner_on_their_day(planned):
    compiled = compile_strategy(find_strategy("zoledronate_4mg_6_monthly"), planned, 10)
    (banner,) = compiled.banners
    assert banner.key == "antiresorptive_on_ai_over_3_years"
    assert banner.from_day == pytest.approx(3 * YEAR)
    assert compile_strategy(find_strategy("zoledronate_4mg_6_monthly_3_years"), planned, 10).banners == ()
    assert compile_strategy(find_strategy("zoledronate_4mg_6_monthly"), planned, 3).banners == ()


def test_denosumab_in_the_past_raises_the_banner_from_today(make_patient):
    patient = make_patient(
        drugs=[
            {"drug": "denosumab", "dose": 60, "unit": "mg", "doses": ["2020-01-01", "2020-07-01"], "stop": "2021-01-01"}
        ]
    )
    compiled = compile_strategy(find_strategy("ai_alone"), patient, 5)
    assert [(b.key, b.from_day) for b in compiled.banners] == [("after_denosumab", 0.0)]
    assert "denosumab_stop_without_follow_on" in compiled.flags


@pytest.mark.parametrize("adherence", [0.5, 0.8, 0.95])
def test_ai_adherence_makes_gaps_that_add_up_and_fall_alike_every_time(adherence, planned):
    course = {"drug": "letrozole", "dose": "2.5 mg", "start": "now", "lasts": "5 years", "adherence": adherence}
    first = compile_strategy(strategy_of(course), planned, 10)
    second = compile_strategy(strategy_of(course), planned, 10)
    assert np.array_equal(first.schedule.times_days, second.schedule.times_days)
    (span,) = [s for s in first.spans if s.is_ai]
    taken = sum(b - a for a, b in span.periods) / (5 * YEAR)
    assert taken == pytest.approx(adherence, abs=14 / (5 * YEAR) * 1.01)


def test_remedies_reach_the_joint_model_with_their_days(planned):
    compiled = compile_strategy(find_strategy("exercise_then_duloxetine"), planned, 2)
    found = {s.drug: s.periods for s in compiled.joint}
    assert found["duloxetine"] == ((84.0, 175.0),)
    assert found["aerobic_exercise"] == ((0.0, 2 * YEAR),)
    acupuncture = compile_strategy(find_strategy("acupuncture_12_weeks"), planned, 2)
    assert [s.periods for s in acupuncture.joint] == [((0.0, 42.0),), ((42.0, 84.0),)]


def test_past_of_a_woman_with_every_kind_of_drug(make_patient):
    patient = make_patient(
        aromatase_inhibitor={"status": "current", "drug": "exemestane", "start": "2025-03-01"},
        drugs=[
            {"drug": "tamoxifen", "start": "2022-03-01"},
            {"drug": "zoledronate", "dose": 4, "unit": "mg", "doses": ["2025-04-01", "2025-10-01"]},
            {"drug": "raloxifene", "start": "2015-01-01", "stop": "2017-01-01"},
            {"drug": "risedronate", "stop": "2020-01-01"},
            {"drug": "teriparatide", "start": "2018-01-01", "stop": "2019-01-01"},
        ],
    )
    changes, given = history_schedule(patient)
    schedule = Schedule.build(changes, given)
    assert given == [(-334.0, "zoledronate_mg", 4.0), (-151.0, "zoledronate_mg", 4.0)]
    assert schedule.inputs_at(-400)["serm_on"] == 1
    assert schedule.inputs_at(-300)["serm_on"] == 0  # tamoxifen ends where the AI starts
    assert schedule.inputs_at(-300)["ai_on"] == 1
    assert schedule.inputs_at(-3500)["serm_is_raloxifene"] == 1
    assert schedule.inputs_at(-400)["serm_is_raloxifene"] == 0
    assert schedule.inputs_at(-2300)["risedronate_mg_per_day"] == pytest.approx(5)
    compiled = compile_strategy(find_strategy("as_now"), patient, 5)
    noted = {note.field for note in compiled.notes}
    assert {"drugs[0].stop", "drugs[3].start", "drugs[3].dose", "drugs[4]"} <= noted
    # present zoledronate goes on every six months from the last dose
    assert doses(compiled.schedule, "zoledronate")[2][0] == pytest.approx(-151 + 183)


@pytest.mark.parametrize(
    ("started", "years"), [("2024-03-01", 5), ("2020-03-01", 7), ("2018-03-01", 10), ("2010-03-01", math.inf)]
)
def test_an_unstated_end_is_the_next_usual_one(started, years, make_patient):
    patient = make_patient(aromatase_inhibitor={"status": "current", "drug": "letrozole", "start": started})
    compiled = compile_strategy(find_strategy("as_now"), patient, 10)
    start = min(s.start_day for s in compiled.spans if s.is_ai)
    assert compiled.ai_planned_stop_day == pytest.approx(start + years * YEAR)
    assert any(n.field == "aromatase_inhibitor.planned_years" for n in compiled.notes)


def test_ai_then_tamoxifen_follows_the_planned_end(on_anastrozole):
    strategy = strategy_of({"drug": "tamoxifen", "start": "at ai_stop", "lasts": "5 years"})
    compiled = compile_strategy(strategy, on_anastrozole, 10)
    stop = -730 + 5 * YEAR
    assert compiled.schedule.inputs_at(stop - 1)["ai_on"] == 1
    assert compiled.schedule.inputs_at(stop)["serm_on"] == 1
    assert "stops_ai_early" not in compiled.flags


def test_strategies_that_end_the_ai_early_are_flagged(on_anastrozole):
    early = {
        name
        for name in strategy_library()
        if name not in {"stop_denosumab_now_then_zoledronate", "stop_denosumab_now_without_follow_on"}
        and "stops_ai_early" in compile_strategy(find_strategy(name), on_anastrozole, 10).flags
    }
    assert early == {
        "stop_ai_now",
        "stop_ai_in_1_year",
        "switch_to_tamoxifen",
        "tamoxifen_5_years",
        "ovarian_suppression_with_tamoxifen",
    }


def test_compiling_is_quick(planned):
    from time import process_time

    strategy = find_strategy("letrozole_intermittent")
    compile_strategy(strategy, planned, 10)
    start = process_time()
    for _ in range(20):
        compile_strategy(strategy, planned, 10)
    assert (process_time() - start) / 20 < 0.002
