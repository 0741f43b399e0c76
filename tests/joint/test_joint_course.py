"""The latent course: what must hold for every woman, every draw and every course of estradiol."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.joint.first_fit import PUBLISHED, first_fit

from aimss.body import joint
from aimss.body.joint import WomenNumbers, course, follow, sobol_women, suppression, weekly_numbers
from aimss.body.joint_draws import assumed, joint_parameters, latent_draws, remedy_draws, take
from aimss.body.joint_observation import DEFINITIONS, new_study, peak_rise, probability
from aimss.body.joint_targets import GRID_WEEKS
from aimss.errors import ParameterError

WEEKS = np.arange(0.0, 157.0)
DRAWS = {name: v for name, v in latent_draws().items() if v.ndim == 1}


def women(n: int, seed: int = 3) -> WomenNumbers:
    trait, size, onset, offset, rank = joint.static_numbers(n, seed)
    return WomenNumbers(trait, size, onset, offset, rank, weekly_numbers(n, 0, len(WEEKS), seed))


N = 400
WOMEN = women(N)
THETA = take(DRAWS, np.arange(N) % 500)

# a course of estradiol against her own: any values, held a few weeks each
ratios = st.lists(st.floats(0.0, 1.5), min_size=1, max_size=8).map(
    lambda v: np.repeat(v, -(-len(WEEKS) // len(v)))[: len(WEEKS)]
)


def test_the_base_of_the_first_fit_is_reproduced_draw_by_draw():
    """Another program made the first fit: our course from its draws is its course."""
    draws = {name: v for name, v in first_fit("latent").items() if v.ndim == 1}
    theta = take(draws, slice(0, 50), extra_axes=1)
    made = course(theta, sobol_women(512, len(GRID_WEEKS), 6), np.array(GRID_WEEKS), context=0.0)
    assert made.without[..., 0].mean(1) == pytest.approx(PUBLISHED["base_mean_draws"], abs=0.02)
    share = 1 / (1 + np.exp(-draws["susceptible_logit"][:50]))
    added = share * (made.if_susceptible - made.without)[..., GRID_WEEKS.index(52)].mean(1)
    assert added == pytest.approx(PUBLISHED["attributable_mean_week_52_draws"], abs=0.03)


def test_mean_pain_is_constant_without_drug_and_context():
    """1: ctx = 0, S = 0: x is stationary."""
    made = course(THETA, women(N, 9), WEEKS, 0.0, context=0.0)
    level = made.without.mean(0)
    assert np.ptp(level) < 0.35  # points; standard error of a mean of 400 women is about 0.1
    assert made.without[:, -13:].mean() == pytest.approx(made.without[:, :13].mean(), abs=0.12)


@given(ratios)
@settings(max_examples=30, deadline=None)
def test_the_drug_never_takes_pain_away_and_attributable_is_at_most_total(ratio):
    made = course(THETA, WOMEN, WEEKS, suppression(ratio))
    added = made.if_susceptible - made.without
    assert added.min() >= 0.0
    assert np.all(added <= made.if_susceptible)
    assert made.if_susceptible.min() >= 0.0
    assert made.if_susceptible.max() <= 10.0


@given(st.floats(1.0, 3.0))
@settings(max_examples=10, deadline=None)
def test_no_suppression_adds_nothing_under_any_definition(ratio):
    """2: without a drug, with and without agree for every definition."""
    made = course(THETA, WOMEN, WEEKS, suppression(np.full(len(WEEKS), ratio)))
    assert np.array_equal(made.if_susceptible, made.without)
    study = new_study(THETA, N, 1)
    for code in ("ANY", "GE4", "S-CUR", "S-CUM", "AE", "HAQ", "SF36-BP"):
        with_drug = probability(code, made.if_susceptible, WEEKS, THETA, study, week=52)
        assert np.array_equal(with_drug, probability(code, made.without, WEEKS, THETA, study, week=52))


def test_pain_caused_by_the_drug_eases_monotonically_after_it_ends():
    """3: after the end D falls to 0 without turning."""
    x = np.where((WEEKS > 0) & (WEEKS <= 52), 1.0, 0.0)
    d = follow(x, WEEKS, joint.onset_time(THETA, WOMEN.onset), joint.offset_time(WOMEN.offset))
    assert np.all(np.diff(d[:, 53:], axis=1) <= 0)
    assert np.median(d[:, -1]) < 1e-5
    assert np.all(np.diff(d[:, :53], axis=1) >= 0)


@given(st.integers(1, 100), st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_longer_suppression_never_adds_less(weeks_on, longer):
    short, long = ((WEEKS > 0) & (w >= WEEKS) for w in (weeks_on, weeks_on + longer))
    a, b = (course(THETA, WOMEN, WEEKS, s.astype(float)).if_susceptible for s in (short, long))
    assert np.all(b - a >= -1e-12)


def test_excess_over_a_control_is_not_negative_where_tamoxifen_does_not_hurt():
    """4: the AI's excess over tamoxifen is at least 0 for every draw with d_tam <= 0."""
    harmless = np.flatnonzero(DRAWS["tamoxifen_points"] <= 0)[:60]
    theta = take(DRAWS, harmless, extra_axes=1)
    time = np.array(GRID_WEEKS)
    made = course(theta, sobol_women(128, len(time), 1), time, context=0.0)
    arm = course(theta, sobol_women(128, len(time), 1), time, 0.0, context=0.0, tamoxifen_on=np.ones(len(time)))
    ai, tamoxifen = (peak_rise(x, time, 104).mean(1) for x in (made.if_susceptible, arm.if_not))
    assert np.all(ai >= tamoxifen - 1e-9)


def test_follow_is_the_exact_solution_for_a_held_target():
    time = np.array([0.0, 1.0, 4.0, 10.0, 30.0])
    d = follow(np.ones(5), time, np.array([7.0]))[0]
    assert d == pytest.approx(1 - np.exp(-time / 7.0))


def test_numbers_of_a_woman_do_not_depend_on_how_many_there_are():
    few, many = weekly_numbers(5, 10, 20, 7), weekly_numbers(50, 3, 60, 7)
    assert np.array_equal(few, many[:5, 7:27])
    assert np.array_equal(weekly_numbers(5, 10, 20, 7, first=20), many[20:25, 7:27])
    assert np.array_equal(joint.static_numbers(4, 7)[0], joint.static_numbers(40, 7)[0][:4])


def test_no_genotype_vitamin_d_stage_or_body_mass_is_a_parameter_or_a_factor():
    """5: what predicts nothing is no input."""
    from aimss.body.susceptibility import NOT_PREDICTORS, risk_factors

    names = " ".join([*joint_parameters(), *latent_draws(), *(f.name for f in risk_factors())])
    for word in ("genotype", "variant", "allele", "rs1", "vitamin_d_low", "stage", "bmi", "body_mass"):
        assert word not in names
    assert {"genetic variants", "vitamin D", "stage", "body mass index"} <= set(NOT_PREDICTORS)


def test_every_parameter_says_what_it_is_and_where_it_comes_from():
    for p in joint_parameters().values():
        assert p.unit
        assert p.meaning
        assert p.status in {"E", "P", "D"}
        assert p.source or p.basis
    for name, draws in remedy_draws().items():
        row = joint_parameters()[name]
        assert float(np.median(draws)) == pytest.approx(row.value, abs=0.25 * (row.ci95_high - row.ci95_low))


def test_an_unknown_variant_is_refused_by_name():
    with pytest.raises(ParameterError, match="v1"):
        latent_draws("v9")


def test_every_definition_has_words_beside_its_percentage():
    assert all(len(d.words) > 15 and d.counted for d in DEFINITIONS.values())


def test_all_three_drugs_suppress_fully():
    # residual estradiol of letrozole, exemestane and anastrozole, 3 to 6 %: none hurts less by this model
    assert suppression(np.array([1.2, 1.0, 0.55, 0.06, 0.05, 0.03, 0.0])) == pytest.approx([0, 0, 0.5, 1, 1, 1, 1])
    assert assumed("full_suppression") == 0.9
