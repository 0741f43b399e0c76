"""The kernel: the same bytes however it is run, doses and branches where they belong, failures that are counted."""

from __future__ import annotations

import numpy as np
import pytest
from women import random_constants, random_schedule

from aimss.body.declaration import STATE_NAMES
from aimss.body.schedule import Schedule
from aimss.forecast.engine import integrate as engine
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.trajectories import SOLVED, SOLVED_AGAIN

DAYS = np.arange(0, 3651, 91.3125)


def sample(n, seed=5):
    rng = np.random.default_rng(seed)
    schedules = [random_schedule(rng) for _ in range(7)]
    return random_constants(rng, n), schedules, rng.integers(0, 7, n)


def rows(constants, which):
    return {k: v[which] for k, v in constants.items()}


def test_same_bytes_for_any_number_of_workers_and_any_chunks():
    n = 1000
    constants, schedules, index = sample(n)
    start = -1600.0
    whole = integrate(constants, None, schedules, index, start, DAYS)
    for workers in (2, 4):
        other = integrate(constants, None, schedules, index, start, DAYS, workers=workers)
        assert other.states.tobytes() == whole.states.tobytes()
        assert other.steps.tobytes() == whole.steps.tobytes()
    for chunk in (1, 7, 1000):
        last = n if chunk > 1 else 60
        for begin in range(0, last, chunk):
            which = np.arange(begin, min(begin + chunk, n))
            part = integrate(rows(constants, which), None, schedules, index[which], start, DAYS)
            assert part.states.tobytes() == whole.states[which].tobytes()


def test_a_lane_does_not_see_its_neighbours():
    n = 41
    constants, schedules, index = sample(n)
    whole = integrate(constants, None, schedules, index, -1600.0, DAYS)
    order = np.random.default_rng(1).permutation(n)
    mixed = integrate(rows(constants, order), None, schedules, index[order], -1600.0, DAYS)
    assert mixed.states.tobytes() == whole.states[order].tobytes()


def test_branching_at_a_day_continues_the_same_course():
    """Inputs in force at the start hold, doses before it are not given again, a dose on the day is given."""
    n = 40
    constants, schedules, index = sample(n)
    schedules[0] = Schedule.build(
        [(-500.0, {"serm_on": 1.0})], [(0.0, "denosumab_mg", 60.0), (90.0, "denosumab_mg", 60.0)]
    )
    index[:10] = 0
    whole = integrate(constants, None, schedules, index, -1600.0, DAYS, rtol=1e-8)
    run_in = integrate(constants, None, schedules, index, -1600.0, [0.0], rtol=1e-8)
    branch = integrate(constants, run_in.final, schedules, index, 0.0, DAYS, rtol=1e-8)
    np.testing.assert_allclose(branch.states, whole.states, rtol=1e-6, atol=1e-7)
    depot = STATE_NAMES.index("denosumab_depot")
    assert (whole.states[:10, 0, depot] == 0).all(), "the output on the day of a dose is taken before it"
    assert (branch.states[:10, 1, depot] > 0).all()


def test_a_schedule_that_begins_later_waits_for_its_day():
    dose = Schedule.build([], [(100.0, "denosumab_mg", 60.0)])
    constants = {"years_since_final_menstrual_period": 12.0, "peripheral_estradiol_pmol_l": 18.0}
    found = integrate(constants, None, [dose], [0], 0.0, [0.0, 50.0, 100.0, 101.0])
    depot = found.states[0, :, STATE_NAMES.index("denosumab_depot")]
    assert depot[:3].tolist() == [0.0, 0.0, 0.0]
    assert depot[3] == pytest.approx(0.729 * 60 * np.exp(-0.142), rel=1e-4)


def test_outputs_at_the_start_alone_need_no_step():
    constants, schedules, index = sample(20)
    found = integrate(constants, None, schedules, index, 0.0, [0.0, 0.0])
    assert (found.states[:, 0] == found.final).all()
    assert (found.status == SOLVED).all()
    mixed = integrate(
        constants, found.final, schedules, index, 0.0, np.linspace([0.0] * 20, [0.0] * 10 + [50.0] * 10, 3).T
    )
    assert np.isfinite(mixed.states).all()


def test_before_the_first_inhibitor_its_constants_may_be_zero():
    quiet = Schedule.build([(0.0, {})])
    constants = {"years_since_final_menstrual_period": 12.0, "peripheral_estradiol_pmol_l": 18.0}
    found = integrate(constants, None, [quiet], [0], 0.0, DAYS)
    np.testing.assert_allclose(found.states[0, :, STATE_NAMES.index("estradiol")], 18.0, rtol=1e-6)


def test_a_woman_that_the_kernel_gives_up_is_solved_again_and_counted(monkeypatch):
    constants, schedules, index = sample(9)
    clean = integrate(constants, None, schedules, index, 0.0, DAYS, rtol=1e-8)
    assert (clean.status == SOLVED).all()
    real = engine._run_kernel

    def broken(problem, start, rtol, workers, results):
        real(problem, start, rtol, workers, results)
        results[2][3] = 2
        results[0][3] = np.nan

    monkeypatch.setattr(engine, "_run_kernel", broken)
    found = integrate(constants, None, schedules, index, 0.0, DAYS)
    assert found.status[3] == SOLVED_AGAIN
    assert found.failures == 0
    np.testing.assert_allclose(found.states[3], clean.states[3], rtol=1e-5, atol=1e-6)


def test_arguments_that_do_not_fit_are_refused():
    constants, schedules, index = sample(3)
    with pytest.raises(ValueError, match="unknown constants"):
        integrate({**constants, "psi": 1.0}, None, schedules, index, 0.0, DAYS)
    with pytest.raises(ValueError, match="must be given"):
        integrate({"peripheral_estradiol_pmol_l": 18.0}, None, schedules, index, 0.0, DAYS)
    with pytest.raises(ValueError, match="not finite"):
        integrate({**constants, "estrogen_hill": np.nan}, None, schedules, index, 0.0, DAYS)
    with pytest.raises(ValueError, match="none may lie before"):
        integrate(constants, None, schedules, index, 10.0, DAYS)
    with pytest.raises(ValueError, match="schedule_index"):
        integrate(constants, None, schedules, index + 7, 0.0, DAYS)
    with pytest.raises(ValueError, match="shape"):
        integrate({**constants, "estrogen_hill": np.ones(4)}, None, schedules, index, 0.0, DAYS)


def test_no_failures_among_random_women_at_the_default_tolerance():
    n = 2000
    constants, schedules, index = sample(n, seed=9)
    found = integrate(constants, None, schedules, index, -12 * 365.25, DAYS)
    assert (found.status == SOLVED).all()
    assert np.isfinite(found.states).all()


def test_plain_step_gives_what_the_full_step_gives(monkeypatch):
    """Women without bisphosphonate and SERM take a step with fewer states; the answer is the same."""
    rng = np.random.default_rng(2)
    schedules = [random_schedule(rng) for _ in range(60)]
    n = 120
    constants, index = random_constants(rng, n), np.arange(n) % 60
    seen = []
    real = engine.takes_plain_step
    monkeypatch.setattr(engine, "takes_plain_step", lambda *a: seen.append(real(*a)) or seen[-1])
    mixed = integrate(constants, None, schedules, index, -1600.0, DAYS, rtol=1e-8)
    (plain,) = seen
    assert 0 < plain.sum() < n
    drugs = [STATE_NAMES.index(s) for s in ("serm_receptor_share", "bisphosphonate_fast", "bisphosphonate_slow")]
    assert (mixed.states[plain][..., drugs] == 0).all()
    assert (mixed.states[~plain][..., drugs].max(axis=(1, 2)) > 0).all()
    monkeypatch.setattr(engine, "takes_plain_step", lambda *a: np.zeros(n, dtype=bool))
    full = integrate(constants, None, schedules, index, -1600.0, DAYS, rtol=1e-8)
    np.testing.assert_allclose(mixed.states, full.states, rtol=1e-6, atol=1e-7)
