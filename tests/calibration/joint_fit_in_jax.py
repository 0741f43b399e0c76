"""The joint fit's own code (extra `bayes`); test_joint_fit.py runs this file in a process of its own.

Its likelihood is the shipped observation model, its coordinates and marginals are exact.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr as scipy_ndtr
from scipy.stats import multivariate_normal, norm

from aimss.body.joint_draws import latent_draws, persistence_draws, take
from aimss.body.joint_targets import predict
from aimss.body.persistence import persistence_targets, population_stopping
from aimss.calibration.joint_fit.priors import priors


@pytest.fixture(scope="module")
def bayes():
    pytest.importorskip("numpyro")
    from aimss.calibration.joint_fit.extra import require_bayes

    require_bayes()


@pytest.fixture(scope="module")
def predictor(bayes):
    from aimss.calibration.joint_fit.likelihood import LatentPredictor

    return LatentPredictor()


PLACES = np.array([0, 123, 377])


def drawn(k):
    return {name: values[k] for name, values in latent_draws().items()}


def test_the_likelihood_sees_what_the_observation_model_sees(predictor):
    slow = predict(draws=take(latent_draws(), PLACES))
    for row, k in enumerate(PLACES):
        found, _ = predictor(drawn(k))
        assert np.asarray(found) == pytest.approx([p.draws[row] for p in slow], abs=1e-6)


def test_the_normal_distribution_and_its_slope_are_exact(bayes):
    import jax

    from aimss.calibration.joint_fit.likelihood import ndtr

    z = np.linspace(-8, 8, 65)
    assert np.asarray(ndtr(z)) == pytest.approx(scipy_ndtr(z), rel=1e-12)
    assert np.asarray(jax.vmap(jax.grad(ndtr))(z)) == pytest.approx(norm.pdf(z), rel=1e-12)


def test_the_probit_of_reports_is_only_a_change_of_coordinates(predictor):
    from aimss.calibration.joint_fit.likelihood import Courses

    courses = Courses(predictor, drawn(7))
    probit = np.linspace(-1.5, -0.3, len(predictor.trials))
    at, slope = courses.intercepts(probit)
    after, _ = courses.intercepts(probit + 1e-4)
    # the slope's logarithm is what the model adds for it
    assert (np.asarray(at) - np.asarray(after)) / 1e-4 == pytest.approx(np.asarray(slope), rel=1e-6)


def test_women_chosen_for_pain_regress_to_the_mean(predictor):
    """A slow reference: recorded scores drawn one by one, chosen, followed."""
    from aimss.body.joint import sobol_women
    from aimss.calibration.joint_fit.untreated import UNTREATED

    theta, random, n = drawn(7), np.random.default_rng(1), 400_000
    _, found = predictor(theta)
    women, place = sobol_women(4096, 16, 2), list(predictor.weeks).index(52.0)
    pick = random.integers(4096, size=n)
    trait = theta["trait_mean_points"] + theta["trait_sd_points"] * women.trait[pick]
    u = theta["fluctuation_sd_points"] * random.normal(size=n)
    rise = theta["onset_time_weeks"] * np.exp(0.5 * women.onset[pick])
    effect = theta["amplitude_mean_points"] * np.exp(0.5 * women.amplitude[pick] - 0.125) * -np.expm1(-52 / rise)
    susceptible = random.uniform(size=n) < 1 / (1 + np.exp(-theta["susceptible_logit"]))
    base = trait + theta["context_points"] * -np.expm1(-52 / 8) + effect * susceptible
    entry = np.clip(np.clip(base + u, 0, 10) + theta["measurement_sd_points"] * random.normal(size=n), 0, 10)
    assert predictor.weeks[place] == 52
    for arm, change in zip(UNTREATED, np.asarray(found), strict=True):
        keep = np.exp(-arm.weeks / theta["fluctuation_time_weeks"])
        fresh = np.sqrt(1 - keep**2) * theta["fluctuation_sd_points"]
        later = np.clip(base + keep * u + fresh * random.normal(size=n), 0, 10)
        chosen = entry >= arm.entry_points
        expected = (later - entry)[chosen].mean() + theta["no_treatment_drift_points"]
        assert change == pytest.approx(expected, abs=0.05)


def test_stopping_follows_the_shipped_hazards(bayes):
    from aimss.calibration.joint_fit.stopping import StoppingModel

    model = StoppingModel(latent_draws(), women=512)
    theta = {name: v[3] for name, v in persistence_draws().items()}
    hazards = model.hazards(theta)
    for setting in ("henry2012", "sestak2018_ibis2"):
        arm = model.arm[setting]
        run = population_stopping(setting, on_drug=arm == "AI")
        rates = model.rates(theta, setting)
        pain, other = hazards.by_cause(rates, 24, arm)
        assert float(pain[-1]) == pytest.approx(run.for_pain[3, 24], abs=1e-9)
        assert float(other[-1]) == pytest.approx(run.for_other_reasons[3, 24], abs=1e-9)
        assert float(hazards.any_cause(rates, 60, arm)) == pytest.approx(run.any_cause[3, 60], abs=1e-9)
    assert model.settings == tuple(dict.fromkeys(t.setting for t in persistence_targets()))
    assert float(hazards.high_pain_ratio(model.rates(theta, "chim2013"))) > 1.0


def test_the_spreads_between_trials_are_integrated_out_exactly(bayes):
    """Against the covariance of results written out pair by pair."""
    from numpyro.infer.util import log_density

    from aimss.calibration.joint_fit.remedies import EXTERNAL_SD_POINTS, ORAL, RESPONSES, remedy_model, remedy_results

    values = {name: 0.3 + 0.02 * i for i, name in enumerate(priors("remedy"))} | {f"{n}_apart": 0.5 for n in ORAL}
    total, trace = log_density(remedy_model, (), {}, values)
    own = sum(float(site["fn"].log_prob(site["value"])) for name, site in trace.items()
              if site["type"] == "sample" and name != "published")  # fmt: skip
    effect = values | dict.fromkeys(ORAL, values["oral_class_mean_points"] + 0.5 * values["oral_class_sd_points"])
    spreads = (
        ("natural_course_between_trial_sd_points", lambda r: float(r.response != "")),
        ("response_between_trial_sd_points", lambda r: float(r.response in RESPONSES)),
        ("between_trial_sd_points", lambda r: r.share if r.remedy else 0.0),
    )
    results = remedy_results()
    mean, covariance = np.zeros(len(results)), np.zeros((len(results), len(results)))
    for i, a in enumerate(results):
        mean[i] += values["natural_course_points"] if a.response else 0.0
        mean[i] += values[RESPONSES[a.response]] if a.response in RESPONSES else 0.0
        mean[i] += a.share * effect[a.remedy] if a.remedy else 0.0
        for j, b in enumerate(results):
            if a.trial == b.trial:
                covariance[i, j] = sum(values[name] ** 2 * z(a) * z(b) for name, z in spreads)
        covariance[i, i] += a.se**2 + (EXTERNAL_SD_POINTS**2 if a.external else 0.0)
    expected = multivariate_normal(mean, covariance).logpdf([r.change for r in results])
    assert float(total) - own == pytest.approx(expected, rel=1e-9)


def test_weighted_quantiles_are_those_of_repeated_draws(bayes):
    from aimss.calibration.joint_fit.held_out import weighted_quantile

    values = np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]])
    assert weighted_quantile(values, np.array([0.5, 0.0, 0.5]), [0.2, 0.6, 0.99]).tolist() == [1.0, 5.0, 5.0]


def test_the_sampler_finds_a_known_posterior(bayes):
    import numpyro
    import numpyro.distributions as dist

    from aimss.calibration.joint_fit.sampler import Settings, sample

    def one_mean():
        mean = numpyro.sample("mean", dist.Normal(0.0, 2.0))
        numpyro.sample("seen", dist.Normal(mean, 1.0), obs=np.array([1.0, 2.0]))

    said = []
    short = Settings(chains=2, draws=500, warmup=200, seed=3)
    first = sample("one", one_mean, short, progress=said.append)
    # conjugate: precision 1/4 + 2
    assert first.flat["mean"].mean() == pytest.approx(3.0 / 2.25, abs=0.08)
    assert first.flat["mean"].std() == pytest.approx(2.25**-0.5, abs=0.06)
    r_hat, effective, divergences = first.worst()
    assert r_hat < 1.02
    assert 100 < effective < 1500
    assert divergences == 0
    assert len(said) == 2


@pytest.mark.slow
def test_the_chains_of_the_remedies_agree_and_the_same_seed_gives_the_same_draws(bayes):
    from aimss.calibration.joint_fit.remedies import remedy_model
    from aimss.calibration.joint_fit.sampler import Settings, sample

    short = Settings(chains=2, draws=250, warmup=250, seed=3)
    found, again = (sample("remedy", remedy_model, short, progress=lambda _: None) for _ in range(2))
    assert all(np.array_equal(v, again.draws[name]) for name, v in found.draws.items())
    r_hat, effective, divergences = found.worst()
    assert r_hat < 1.05
    assert effective > 100
    assert divergences == 0
    # against the published contrast of the one large trial: the fit borrows, and stays between it and none
    assert -0.82 < np.median(found.flat["duloxetine"]) < -0.4


def test_the_archive_of_a_fit_has_the_layout_of_the_shipped_one(predictor):
    from aimss.body import joint_draws
    from aimss.calibration.joint_fit.fit import JointFit, kept
    from aimss.calibration.joint_fit.latent import LatentModel
    from aimss.calibration.joint_fit.results import archive, archive_bytes
    from aimss.calibration.joint_fit.sampler import Sampled, Settings
    from aimss.calibration.joint_fit.stopping import StoppingModel

    def as_sampled(stage, draws):
        count = len(next(iter(draws.values()))) // 2
        chains = {n: v[: 2 * count].reshape(2, count, *v.shape[1:]) for n, v in draws.items()}
        nothing = np.zeros((2, count), dtype=bool)
        return Sampled(stage, chains, nothing, nothing.astype(int), 0.0, Settings())

    parts = {name: joint_draws._part(name, "v1") for name in ("latent", "remedy", "persistence")}
    fit = JointFit(LatentModel(predictor), StoppingModel(latent_draws()),
                   *(as_sampled(name, draws) for name, draws in parts.items()))  # fmt: skip
    made, shipped = archive(fit), joint_draws._archive("v1")
    assert {n: (v.shape, v.dtype.kind) for n, v in made.items()} == {
        n: (v.shape, v.dtype.kind) for n, v in shipped.items()
    }
    assert all(np.array_equal(v, shipped[n]) for n, v in made.items())
    assert archive_bytes(fit) == archive_bytes(fit)
    assert len(kept(fit.remedy)["duloxetine"]) == 300
