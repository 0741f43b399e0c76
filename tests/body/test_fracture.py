"""Fracture hazards, risk ratios and cumulative probability against evidence, life table and quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_simpson

from aimss.body.fracture import cumulative_probabilities, cumulative_probability, hazards, mean_t_score
from aimss.body.mortality import death_hazard, life_table
from aimss.body.parameters import default
from aimss.body.risk_factors import BODY_MASS_INDEX_HIP_RATIO, FRACTURES, log_risk_ratios, risk_factors
from aimss.evidence.references import resolve
from aimss.evidence.tables import Row

P = default()


def test_average_woman_has_the_published_hazard():
    """The mean over women of one age, whose T-scores have SD 1, is the baseline: US-FRAX 1.05 per 1000 at 60-64."""
    rng = np.random.default_rng(1)
    t_hip = mean_t_score(P, "total_hip", 62.0) + rng.standard_normal(400_000)
    t_spine = mean_t_score(P, "lumbar_spine", 62.0) + rng.standard_normal(400_000)
    found = hazards(P, 62.0, t_hip, t_spine, 1.0, 1.0)
    row = resolve(P.parameter("hip_hazard_age_62").source)[0]
    assert isinstance(row, Row)
    assert row.number("value") == pytest.approx(1.05)
    assert found["hip"].mean() == pytest.approx(1.05e-3, rel=0.02)
    assert found["other_nonvertebral"].mean() == pytest.approx(
        P["other_nonvertebral_hazard_age_64"] * np.exp(-0.04), rel=0.01
    )


def test_gradients_and_turnover_terms_are_those_of_the_evidence():
    base = hazards(P, 62.0, -1.0, -1.0, 1.0, 1.0)
    lower = hazards(P, 62.0, -2.0, -2.0, 1.0, 1.0)
    for kind in FRACTURES:
        source = resolve(P.parameter(f"fracture_gradient_{kind}").source)[0]
        assert isinstance(source, Row)
        assert float(lower[kind] / base[kind]) == pytest.approx(P[f"fracture_gradient_{kind}"])
        assert P[f"fracture_gradient_{kind}"] == pytest.approx(source.number("estimate"), abs=0.03)
    # the turnover term stops rising at four times the reference formation
    assert hazards(P, 62.0, -1, -1, 9.0, 1.0)["hip"] == hazards(P, 62.0, -1, -1, 4.0, 1.0)["hip"]
    # estrogen signal acts on other non-vertebral fracture alone (ATAC: 1.49, bone/fractures:1)
    more = hazards(P, 62.0, -1.0, -1.0, 1.0, 1.4)
    assert more["hip"] == base["hip"]
    assert float(more["other_nonvertebral"] / base["other_nonvertebral"]) == pytest.approx(
        1.4 ** P["estrogen_signal_exponent_other_nonvertebral"]
    )


def test_risk_ratios_come_from_their_rows_and_average_to_one():
    for factor in risk_factors():
        for kind, source in factor.sources.items():
            (row,) = resolve(source)
            assert isinstance(row, Row)
            assert row.number("estimate") == factor.ratios[kind], (factor.name, kind)
        (row,) = resolve(factor.prevalence_source)
        assert isinstance(row, Row)
        assert row.number("value") == pytest.approx(100 * factor.prevalence)
        for kind in FRACTURES:
            have, have_not = (factor.against_average(kind, has) for has in (True, False))
            assert have / have_not == pytest.approx(factor.ratios[kind])
            assert factor.prevalence * have + (1 - factor.prevalence) * have_not == pytest.approx(1.0)


def women(*has: bool) -> dict[str, np.ndarray]:
    return {factor.name: np.array(has) for factor in risk_factors()}


def test_risk_ratios_multiply_and_stop_at_the_largest():
    average = np.full(2, P["body_mass_index_mean"])
    found = log_risk_ratios(women(False, True), average, P)
    for kind in FRACTURES:
        none, every = (np.prod([f.against_average(kind, has) for f in risk_factors()]) for has in (False, True))
        assert np.exp(found[kind]) == pytest.approx([none, min(every, P["risk_ratio_product_largest"])])
    assert np.exp(found["hip"][1]) == pytest.approx(P["risk_ratio_product_largest"])
    heavier = log_risk_ratios(women(False, False), average + np.array([0.0, 5.0]), P)
    assert np.exp(heavier["hip"][1] - heavier["hip"][0]) == pytest.approx(BODY_MASS_INDEX_HIP_RATIO**5)
    assert heavier["clinical_vertebral"][1] == heavier["clinical_vertebral"][0]


@pytest.mark.parametrize("wrong", [{}, {**women(True), "genes": np.array([True])}])
def test_risk_factors_left_out_or_unknown_are_refused(wrong):
    with pytest.raises(ValueError, match="expected the risk factors"):
        log_risk_ratios(wrong, np.array([25.0]), P)


def test_life_table_gives_back_its_printed_ten_year_risks():
    """population/mortality MO055 to MO065: ten-year death probabilities that the same page prints."""
    ages, _ = life_table()
    assert (ages[0], ages[-1]) == (50.5, 90.5)
    for start, printed in ((55, 0.0637), (60, 0.0948), (65, 0.1461), (70, 0.2291), (75, 0.3589)):
        grid = np.linspace(0, 10, 401)
        died = cumulative_probability(grid, death_hazard(start + grid), np.zeros_like(grid))[-1]
        assert died == pytest.approx(printed, rel=0.005)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(45, 80),
    st.floats(-4, 1),
    st.floats(-4, 1),
    st.floats(0.2, 2.6),
    st.floats(0.3, 2.0),
)
def test_cumulative_probability_matches_quadrature(age, hip, spine, formation, signal):
    """Hazards at quarters against the integral of the smooth hazards."""

    def at(years):
        course = 1 + 0.5 * np.sin(years)  # T-scores and formation that move
        return hazards(P, age + years, hip - 0.05 * years, spine - 0.04 * years, formation * course, signal)

    times = np.linspace(0, 10, 41)
    fast = cumulative_probabilities(times, at(times), death_hazard(age + times))

    # P(first event by t) = integral of h(u) exp(-integral of h + death), by Simpson's rule on a grid of half a day
    fine = np.linspace(0, 10, 7305)
    death = death_hazard(age + fine)
    found = at(fine)
    for kind in ("any_clinical", *FRACTURES):
        hazard = sum(found.values()) if kind == "any_clinical" else found[kind]
        alive = np.exp(-cumulative_simpson(hazard + death, x=fine, initial=0))
        slow = cumulative_simpson(hazard * alive, x=fine, initial=0)
        np.testing.assert_allclose(fast[kind], np.interp(times, fine, slow), rtol=2e-3, atol=1e-7)
