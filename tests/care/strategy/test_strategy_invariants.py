"""What holds for every strategy: times rise, nothing before its start, rates and counts add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimss.body.schedule import DOSES, INPUTS
from aimss.care.compile import compile_strategy
from aimss.care.library import find_strategy, strategy_library
from aimss.care.span import intersect, merge, subtract
from aimss.care.strategy import parse_strategy
from aimss.errors import StrategyError
from aimss.patient.patient import Patient

MONTH, YEAR = 365.25 / 12, 365.25
months = st.integers(0, 60)

periods = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=6).map(
    lambda found: [(float(a), float(a + n)) for a, n in found]
)


def strategy_of(*courses):
    return parse_strategy({"name": "mine", "label": "Mine", "summary": "Mine.", "courses": list(courses)})


def days_in(found) -> set[int]:
    return {day for a, b in found for day in range(int(a), int(b))}


@given(periods, periods)
def test_sets_of_days(first, second):
    assert days_in(merge(first)) == days_in(first)
    assert days_in(subtract(first, second)) == days_in(first) - days_in(second)
    assert days_in(intersect(first, second)) == days_in(first) & days_in(second)


@settings(deadline=None, max_examples=60)
@given(
    start=months,
    every=st.integers(1, 12),
    number=st.integers(1, 12),
    late=st.dictionaries(st.integers(1, 12), st.integers(1, 8), max_size=3),
    missed=st.sets(st.integers(1, 12), max_size=3),
    horizon=st.integers(1, 12),
)
def test_injections(planned_woman, start, every, number, late, missed, horizon):
    late = {k: v for k, v in late.items() if k <= number}
    missed = sorted(k for k in missed if k <= number)
    course = {
        "drug": "denosumab", "dose": "60 mg", "every": f"{every} months", "start": f"+{start} months",
        "number_of_doses": number, "late_by_months": late, "missed": missed,
    }  # fmt: skip
    schedule = compile_strategy(strategy_of(course), planned_woman, horizon).schedule
    assert np.all(np.diff(schedule.times_days) > 0)
    given_on = schedule.times_days[schedule.doses[:, DOSES.index("denosumab_mg")] > 0]
    # the same, written as a list of dates
    day, expected = float(start), []
    for k in range(1, number + 1):
        day += late.get(k, 0)
        if k not in missed and day * MONTH < horizon * YEAR:
            expected.append(day * MONTH)
        day += every
    assert given_on == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(
    drug=st.sampled_from([("alendronate", 70, 7.0), ("risedronate", 35, 7.0), ("ibandronate", 150, MONTH)]),
    start=months,
    length=st.integers(1, 60),
    adherence=st.floats(0.05, 1.0),
    horizon=st.integers(1, 12),
)
def test_oral_rate_is_dose_over_interval_times_adherence(planned_woman, drug, start, length, adherence, horizon):
    name, dose, interval = drug
    course = {
        "drug": name, "dose": f"{dose} mg", "every": "1 month" if interval > 7 else "1 week",
        "start": f"+{start} months", "lasts": f"{length} months", "adherence": adherence,
    }  # fmt: skip
    schedule = compile_strategy(strategy_of(course), planned_woman, horizon).schedule
    column = schedule.inputs[:, INPUTS.index(f"{name}_mg_per_day")]
    rate = dose / interval * adherence
    assert set(np.round(column, 9)) <= {0.0, round(rate, 9)}
    horizon_days = horizon * YEAR
    for day, value in (
        (start * MONTH - 0.5, 0.0),
        (start * MONTH, rate),
        ((start + length) * MONTH - 0.5, rate),
        ((start + length) * MONTH, 0.0),
    ):
        if day < horizon_days and (value == 0 or start * MONTH < horizon_days):
            assert schedule.inputs_at(day)[f"{name}_mg_per_day"] == pytest.approx(value)


@settings(deadline=None, max_examples=60)
@given(
    taken=st.integers(1, 18),
    rest=st.integers(1, 12),
    cycles=st.none() | st.integers(1, 8),
    adherence=st.floats(0.3, 1.0),
    years=st.integers(1, 8),
)
def test_a_pattern_never_takes_more_than_it_says(planned_woman, taken, rest, cycles, adherence, years):
    pattern = {"taken": f"{taken} months", "rest": f"{rest} months"} | ({"cycles": cycles} if cycles else {})
    course = {
        "drug": "letrozole",
        "start": "now",
        "lasts": f"{years} years",
        "pattern": pattern,
        "adherence": adherence,
    }
    schedule = compile_strategy(strategy_of(course), planned_woman, 10).schedule
    on = schedule.inputs[:, INPUTS.index("ai_on")]
    assert set(on) <= {0.0, 1.0}
    for k in range(cycles or 100):
        middle = (k * (taken + rest) + taken + rest / 2) * MONTH
        if middle < years * YEAR:
            assert schedule.inputs_at(middle)["ai_on"] == 0
    lengths = np.diff(np.append(schedule.times_days, 10 * YEAR))
    assert float(lengths[(on > 0) & (schedule.times_days >= 0)].sum()) <= years * YEAR + 1e-6


@settings(deadline=None, max_examples=30)
@given(horizon=st.floats(0.5, 12), shorter=st.floats(0.1, 0.95))
def test_a_shorter_horizon_is_the_same_course_cut_off(planned_woman, horizon, shorter):
    course = {"drug": "zoledronate", "dose": "4 mg", "every": "6 months", "start": "+1 month", "stop": "at ai_stop"}
    long = compile_strategy(strategy_of(course), planned_woman, horizon).schedule
    short = compile_strategy(strategy_of(course), planned_woman, horizon * shorter).schedule
    within = long.times_days < horizon * shorter * YEAR
    assert np.array_equal(long.times_days[within], short.times_days)
    assert np.array_equal(long.inputs[within], short.inputs)
    assert np.array_equal(long.doses[within], short.doses)


years = st.integers(2005, 2025).map(lambda y: f"{y}-06")
past_drug = st.fixed_dictionaries(
    {"drug": st.sampled_from(["alendronate", "risedronate", "ibandronate", "raloxifene", "calcium", "duloxetine"])},
    optional={"start": years},
) | st.fixed_dictionaries(
    {"drug": st.sampled_from(["denosumab", "zoledronate"])},
    optional={"doses": st.lists(years, max_size=5, unique=True), "start": years, "interval_days": st.integers(90, 400)},
)
ai_of_record = st.sampled_from([
    {"status": "none"}, {"status": "planned"}, {"status": "planned", "drug": "exemestane", "start": "2026-09-01"},
    {"status": "current", "start": "2022-04"}, {"status": "current", "drug": "letrozole", "start": "2012-04"},
    {"status": "stopped", "drug": "anastrozole", "start": "2019-04", "stop": "2024-05"},
])  # fmt: skip


def compiled_or_error(name, patient, horizon):
    try:
        return compile_strategy(find_strategy(name), patient, horizon)
    except StrategyError as error:
        return error


@settings(deadline=None, max_examples=150)
@given(
    ai=ai_of_record,
    drugs=st.lists(past_drug, max_size=3),
    name=st.sampled_from(sorted(strategy_library())),
    horizon=st.floats(0.2, 15),
)
def test_any_record_with_any_strategy_gives_a_sound_schedule_or_one_clear_error(ai, drugs, name, horizon):
    patient = Patient.model_validate({
        "sex": "female", "record_date": "2026-03-01", "age_years": 66, "menopause": {"status": "postmenopausal"},
        "aromatase_inhibitor": ai, "drugs": drugs,
    })  # fmt: skip
    compiled = compiled_or_error(name, patient, horizon)
    if isinstance(compiled, StrategyError):
        assert compiled.field.startswith(name)
        assert compiled.found
        return
    schedule = compiled.schedule
    column = {name: schedule.inputs[:, i] for i, name in enumerate(INPUTS)}
    assert np.all(np.diff(schedule.times_days) > 0)
    assert schedule.times_days[-1] < horizon * YEAR
    assert np.isfinite(schedule.inputs).all()
    assert (schedule.doses >= 0).all()
    # before anything was given nothing is on, and the constants of an AI are never missing
    assert not any(column[name][0] for name in INPUTS if not name.startswith("ai_") or name == "ai_on")
    assert not schedule.doses[0].any()
    assert (column["ai_half_inhibition"] > 0).all()
    assert set(column["ai_on"]) <= {0.0, 1.0}
    for span in compiled.spans:
        if not span.given_before:
            assert span.start_day >= 0
    # what she had before today is the same under every strategy, except a counterfactual
    if compiled.shares_past:
        as_now = compile_strategy(find_strategy("as_now"), patient, horizon).schedule
        for day in schedule.times_days[(schedule.times_days < 0) & (schedule.times_days > as_now.times_days[0])]:
            assert schedule.inputs_at(day) == as_now.inputs_at(day)
        past, past_now = schedule.times_days < 0, as_now.times_days < 0
        assert schedule.doses[past].sum() == as_now.doses[past_now].sum()
