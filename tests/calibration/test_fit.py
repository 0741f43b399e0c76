"""The fit, its held-out predictions and its check on simulated data, on problems small enough to know the answer."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from aimss.body.parameters import default
from aimss.calibration.fit import Fit, Prior, Problem, fit
from aimss.calibration.leave_one_out import leave_one_trial_out
from aimss.calibration.predict import predict
from aimss.calibration.sampler_check import sampler_check, split_r_hat
from aimss.calibration.simulation_check import engine_check, linear_check
from aimss.calibration.study_effects import fit_spread, scatter, student_t
from aimss.calibration.target import Target
from aimss.calibration.targets_shipped import bone_arms

SPREAD = {"spine": 0.3, "hip": 0.3, "wide": 1.0}
ARMS = bone_arms()


def problem(truth, studies=("A", "B", "C")):
    """Three trials of arms whose loss depends on two parameters; results as those parameters predict them."""
    wanted = [
        Target(id=f"{s}{i}", study=s, part="bmd_without_ai", arm=arm, quantity="bmd", site=site, month=24, observed=0,
               se=0.05, role="calibrate")
        for s in studies
        for i, (arm, site) in enumerate([("untreated_old", "total_hip"), ("untreated_middle", "lumbar_spine")])
    ]  # fmt: skip
    values = predict(ARMS, wanted, parameters=default().replace(truth))[0]
    targets = tuple(t.model_copy(update={"observed": float(v)}) for t, v in zip(wanted, values, strict=True))
    priors = tuple(Prior(n, "bone", default()[n], 1.0, "assumed", "test") for n in truth)
    return Problem(ARMS, targets, priors, default())


TRUTH = {"ageing_loss_total_hip": 0.009, "ageing_loss_lumbar_spine": 0.005}


def test_the_fit_finds_parameters_that_made_the_data():
    found = fit(problem(TRUTH), spread=SPREAD, refit_spread=False)
    for name, value in TRUTH.items():
        assert np.log(found.values[name] / value) == pytest.approx(0.0, abs=0.03)
        assert 0.5 < found.contraction[name] < 1


def test_derivatives_are_those_of_the_model():
    p = problem(TRUTH)
    predicted, slopes = p.linearised(p.centre, central=True)
    moved = np.add(p.centre, [0.1, -0.1])
    np.testing.assert_allclose(p.predicted(moved[None])[0], predicted + slopes @ [0.1, -0.1], atol=0.02)


def test_a_result_that_lies_far_off_counts_less_and_the_rest_of_its_trial_does_not():
    p = problem(TRUTH)
    around = p.scatter(SPREAD)
    residual = np.zeros(len(p.targets))
    np.testing.assert_allclose(around.weights(residual), around.weights(residual)[0])
    residual[4] = -8.0  # of trial C, at the hip
    weights = around.weights(residual)
    assert weights[4] < 0.02
    assert weights[5] > 0.3
    far = tuple(t.model_copy(update={"observed": t.observed + r}) for t, r in zip(p.targets, residual, strict=True))
    found = fit(Problem(p.arms, far, p.priors, p.parameters), spread=SPREAD, refit_spread=False)
    for name, value in TRUTH.items():
        assert np.log(found.values[name] / value) == pytest.approx(0.0, abs=0.1)


def test_weights_are_those_of_a_student_t_without_a_shared_part():
    p = problem(TRUTH)
    around = scatter(p.targets, np.zeros(len(p.targets)), SPREAD)
    alone = type(around)(around.blocks, np.zeros_like(around.shared), around.own, around.sampling)
    residual = np.linspace(-1, 1, len(p.targets))
    # the closed form: (nu + 1) / (nu + r^2 / scale^2)
    np.testing.assert_allclose(alone.weights(residual), 5 / (4 + residual**2 / around.own), rtol=1e-9)


def test_spread_between_trials_is_found_again():
    targets = [
        Target(id=str(i), study=str(i), part="bmd_without_ai", arm="untreated_old", quantity="bmd", site="lumbar_spine",
               month=24, observed=0, se=0.1)
        for i in range(200)
    ]  # fmt: skip
    errors = np.full(200, 0.1)
    around = scatter(targets, errors, {"spine": 0.8, "wide": 1.0})
    rng = np.random.default_rng(4)
    residuals = around.draw(rng.standard_normal((1, 400)), student_t(1, "test", 0, 1, 200))[0]
    found = {"spine": 1.5, "wide": 1.0}
    for _ in range(8):
        weights = scatter(targets, errors, found).weights(residuals)
        found = fit_spread(targets, residuals, errors, weights=weights)
    assert found["spine"] == pytest.approx(0.8, rel=0.2)


def test_leaving_a_trial_out_is_fitting_without_it():
    p = problem(TRUTH)
    shifted = tuple(t.model_copy(update={"observed": t.observed - 0.3 * (t.study == "A")}) for t in p.targets)
    whole = fit(Problem(p.arms, shifted, p.priors, p.parameters), spread=SPREAD, refit_spread=False)
    held = leave_one_trial_out(whole)
    rest = fit(problem(TRUTH, ("B", "C")), spread=SPREAD, refit_spread=False)
    without_a = rest.problem.predicted(rest.ln_values[None])[0][:2]
    np.testing.assert_allclose(held.predicted[:2], without_a, atol=0.05)
    low, high = held.quantiles((0.05, 0.95))
    assert ((low < held.predicted) & (held.predicted < high)).all()


def test_ranks_of_the_truth_are_uniform_in_a_small_problem():
    p = problem(TRUTH)
    predicted, slopes = p.linearised(p.centre, central=True)
    around = p.scatter(SPREAD)
    weights = around.weights(p.observed - predicted)
    covariance = np.linalg.inv(slopes.T @ around.precision(weights) @ slopes + p.prior_precision)
    whole = Fit(p, p.centre, covariance, predicted, slopes, SPREAD, weights, 0.0, 0)
    assert 0.84 < linear_check(whole, 400).coverage(0.9) < 0.95
    few = engine_check(whole, 30)
    assert few.ranks.shape == (30, 2)
    assert 0.75 < few.coverage(0.9) < 1.0


def test_a_sampler_finds_the_laplace_posterior_where_the_model_is_nearly_linear():
    pytest.importorskip("emcee")
    near = {"spine": 0.05, "hip": 0.05, "wide": 1.0}  # trials that agree: a posterior too narrow to be bent
    found = sampler_check(fit(problem(TRUTH), spread=near, refit_spread=False), 300)
    assert np.abs(found.shift).max() < 0.15
    np.testing.assert_allclose(found.sd, found.laplace_sd, rtol=0.2)
    assert found.r_hat.max() < 1.1
    apart = np.zeros((40, 8, 1)) + np.random.default_rng(1).standard_normal((40, 8, 1))
    assert split_r_hat(apart)[0] < 1.1
    apart[:, 4:] += 5
    assert split_r_hat(apart)[0] > 2


def test_the_shipped_files_are_what_the_calibration_made_of_these_inputs():
    """After a change of priors, targets or arms: `aimss calibrate --out fit`, then copy its files."""
    from aimss.calibration.calibrate import inputs_sha256, shipped_provenance

    body = files("aimss.body")
    names = ("parameters.csv", "parameter_covariance.csv", "between_trials.csv")
    shipped = b"".join((body / name).read_bytes() for name in names)
    assert shipped_provenance()["inputs_sha256"] == inputs_sha256()
    assert shipped_provenance()["result_sha256"] == hashlib.sha256(shipped).hexdigest()


@pytest.mark.slow
def test_two_starts_reach_the_shipped_fit():
    from aimss.calibration.calibrate import calibrate

    one, other = (calibrate(from_shipped=s) for s in (False, True))
    sd = np.sqrt(np.diag(one.bone.covariance))
    assert np.abs((one.bone.ln_values - other.bone.ln_values) / sd).max() < 0.35
    for name, value in one.parameters.items():
        # five digits are shipped; the last may differ between processors
        assert default()[name] == pytest.approx(value, rel=2e-3), name
