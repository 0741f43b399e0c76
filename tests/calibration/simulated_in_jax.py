"""Simulated data sets of the joint fit (extra `bayes`); test_joint_fit.py runs this file in a process of its own.

The check passes where the answer is known, sees what it has to see, and its simulators speak of the models' parameters.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aimss.calibration.simulation_check import SimulationCheck


@pytest.fixture(scope="module")
def bayes():
    pytest.importorskip("numpyro")
    from aimss.calibration.joint_fit.extra import require_bayes

    require_bayes()


def one_mean(assumed_error, **of_stage):
    """A mean with a known posterior, measured three times with an error of 1, of which the model thinks otherwise."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    from aimss.calibration.joint_fit.simulated import Length, Stage

    def model(seen):
        mean = numpyro.sample("mean", dist.Normal(0.0, 2.0))
        spread = numpyro.sample("spread", dist.LogNormal(0.0, 0.5))
        numpyro.factor("seen", dist.Normal(mean, assumed_error * spread).log_prob(seen).sum())

    def simulate(seed):
        random = np.random.default_rng(seed)
        truth = {"mean": 2.0 * random.normal(), "spread": np.exp(0.5 * random.normal())}
        return truth, (jnp.asarray(truth["mean"] + truth["spread"] * random.normal(size=3)),)

    return Stage("one mean", model, simulate, **({"length": Length(100, 150)} | of_stage))


def check_of(stage, data_sets):
    from aimss.calibration.joint_fit.simulated import Chain, ranked

    chain = Chain(stage)
    rows = [ranked(stage, chain, seed) for seed in range(1, data_sets + 1)]
    return SimulationCheck(tuple(r["parameter"] for r in rows[0]), np.array([[r["rank"] for r in one] for one in rows]))


def smallest(check):
    return min(check.p_values().values()) * len(check.names)


def test_ranks_are_uniform_where_model_and_simulator_agree(bayes):
    check = check_of(one_mean(1.0), 150)
    assert check.names == ("mean", "spread", "joint density")
    assert smallest(check) > 0.05
    assert check.coverage(0.9) == pytest.approx(0.9, abs=0.06)
    assert check.coverage(0.5) == pytest.approx(0.5, abs=0.09)


@pytest.mark.parametrize("assumed_error", [0.5, 2.0])
def test_an_error_wrong_by_a_factor_of_two_is_seen(bayes, assumed_error):
    assert smallest(check_of(one_mean(assumed_error), 60)) < 0.001


def test_a_chain_that_does_not_move_is_seen(bayes):
    from aimss.calibration.joint_fit.simulated import Length

    narrow = {"mean": 1e-6 * np.arange(10.0), "spread": 1.0 + 1e-6 * np.arange(10.0) ** 2}
    stuck = one_mean(1.0, known_draws=narrow, length=Length(warmup=0, draws=150))
    assert smallest(check_of(stuck, 20)) < 0.001


@pytest.mark.parametrize("name", ["latent", "persistence"])
def test_what_is_simulated_is_what_the_models_sample(bayes, name):
    """The truth in the model's coordinates comes out of the model as it was: settings' effects, trials' intercepts."""
    import jax
    from numpyro.handlers import substitute, trace

    from aimss.calibration.joint_fit.simulated_stages import STAGES

    stage = STAGES[name]()
    truth, results = stage.simulate(7)

    @jax.jit
    def derived(truth, results):
        with trace() as sites:
            substitute(stage.model, truth)(*results)
        return {n: s["value"] for n, s in sites.items() if s["type"] == "deterministic"}

    made = derived(truth, results)
    assert made
    for site, value in made.items():
        assert np.asarray(value) == pytest.approx(np.asarray(truth[site]), abs=1e-9), site


def test_simulated_remedy_trials_scatter_as_the_model_says(bayes):
    """The simulator draws every trial's own course, response and effect; the model integrates them out."""
    from numpyro.handlers import substitute, trace

    from aimss.calibration.joint_fit.simulated_stages import remedy_stage

    stage, distances = remedy_stage(), []
    for seed in range(40):
        truth, results = stage.simulate(seed)
        with trace() as sites:
            substitute(stage.model, truth)(*results)
        of = sites["published"]["fn"]
        miss = np.linalg.solve(np.asarray(of.scale_tril), np.asarray(results[0] - of.loc))
        distances.append((miss**2).sum())
    n = len(results[0])
    # the mean of 40 chi-squares with n degrees of freedom
    assert np.mean(distances) == pytest.approx(n, abs=4 * np.sqrt(2 * n / 40))


@pytest.mark.slow
def test_an_error_of_the_whole_model_wrong_by_a_factor_of_two_is_seen(bayes):
    from aimss.calibration.joint_fit.latent import LatentModel
    from aimss.calibration.joint_fit.simulated_stages import latent_stage

    stage = latent_stage()
    sure = LatentModel(stage.model.predictor)
    sure.women, sure.error, sure.untreated_se = 4 * sure.women, sure.error / 2, sure.untreated_se / 2
    short = replace(stage.length, draws=150)
    assert smallest(check_of(replace(stage, model=sure, length=short), 12)) < 0.001
