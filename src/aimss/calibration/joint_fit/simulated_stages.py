"""The three stages for their simulated data sets: truths from the priors, and the results that they would give.

Import only after `extra.require_bayes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.handlers import seed as seeded
from numpyro.handlers import trace

from aimss.body.joint_draws import latent_draws
from aimss.calibration.joint_fit.latent import LatentModel
from aimss.calibration.joint_fit.likelihood import LatentPredictor
from aimss.calibration.joint_fit.priors import priors
from aimss.calibration.joint_fit.remedies import ORAL, RESPONSES, remedy_model, remedy_results
from aimss.calibration.joint_fit.simulated import Length, Stage, Values
from aimss.calibration.joint_fit.stopping import (
    EARLY_HALF,
    LOG_RATIOS,
    NEW,
    OTHER,
    PAIN,
    STOPPED_BY_24,
    StoppingModel,
)

# the same women simulate and are fitted, so that the error of a sum over few of them cancels
LATENT_WOMEN, STOPPING_WOMEN = 128, 16
# the shipped draws' mass matrix leaves only the step to adapt; accepted less often and cut sooner than in the fit
LATENT_LENGTH = Length(warmup=150, draws=400, target_acceptance=0.85, max_tree_depth=6)
Simulated = tuple[Values, tuple[Any, ...]]


def _priors(stage: str, seed: int) -> dict[str, Any]:
    keys = jax.random.split(jax.random.key(seed), len(priors(stage)))
    return {name: p.as_distribution.sample(key) for key, (name, p) in zip(keys, priors(stage).items(), strict=True)}


def latent_stage() -> Stage:
    """Return stage A: shares are counted, scores and untreated arms carry their errors."""
    model = LatentModel(LatentPredictor(LATENT_WOMEN))
    predict, probit = jax.jit(model.predictor), jax.jit(model.report_probit_of)

    def simulate(seed: int) -> Simulated:
        random = np.random.default_rng(seed)
        with trace() as found, seeded(rng_seed=jax.random.key(seed)):
            model.parameters()
        theta = {name: jnp.asarray(site["value"]) for name, site in found.items()}
        mean, sd = (float(theta[f"adverse_event_intercept{end}"]) for end in ("", "_sd"))
        theta["trial_adverse_event_intercept"] = jnp.asarray(
            mean + sd * random.normal(size=len(model.predictor.trials))
        )
        predicted, untreated = (np.asarray(v) for v in predict(theta))
        count = model.women.astype(int)
        share = random.binomial(count, np.where(model.is_score, 0.5, predicted)) / count
        error = random.normal(size=len(predicted)) * model.error
        score = np.where(model.is_ratio, predicted * np.exp(error), predicted + error)
        published = np.where(model.is_score, score, share)
        untreated = untreated + model.untreated_se * random.normal(size=len(untreated))
        theta["trial_report_probit"] = probit(theta)
        return theta, (jnp.asarray(published), jnp.asarray(untreated))

    known = {name: jnp.asarray(values) for name, values in latent_draws().items()}
    known["trial_report_probit"] = jax.jit(jax.vmap(model.report_probit_of))(known)
    return Stage("latent", model, simulate, known, LATENT_LENGTH)


def remedy_stage() -> Stage:
    """Return stage C: every trial has its own course, response and effect, which the model integrates out."""
    results = remedy_results()

    def simulate(seed: int) -> Simulated:
        random, theta = np.random.default_rng(seed), _priors("remedy", seed)
        apart = {f"{name}_apart": random.normal() for name in ORAL}
        class_mean, class_sd = theta["oral_class_mean_points"], theta["oral_class_sd_points"]
        effect = theta | {name: class_mean + class_sd * apart[f"{name}_apart"] for name in ORAL}
        of_trial = {r.trial: random.normal(size=3) for r in results}
        changes = []
        for r in results:
            course, response, own_effect = of_trial[r.trial]
            change = r.error * random.normal()
            if r.response:
                change += theta["natural_course_points"] + theta["natural_course_between_trial_sd_points"] * course
            if r.response in RESPONSES:
                change += theta[RESPONSES[r.response]] + theta["response_between_trial_sd_points"] * response
            if r.remedy:
                change += r.share * (effect[r.remedy] + theta["between_trial_sd_points"] * own_effect)
            changes.append(float(change))
        return theta | apart, (jnp.asarray(changes),)

    return Stage("remedy", remedy_model, simulate)


def stopping_stage() -> Stage:
    """Return stage D at the shipped latent course: women of a setting stop for pain, for other reasons or not."""
    model = StoppingModel(latent_draws(), STOPPING_WOMEN)
    effects = [prefix + setting for prefix in (PAIN, OTHER) for setting in (*model.settings, NEW)]
    predict, coordinates = jax.jit(_predicted(model)), jax.jit(model.coordinates)

    def simulate(seed: int) -> Simulated:
        random, theta = np.random.default_rng(seed), _priors("persistence", seed)
        theta |= {name: jnp.asarray(random.normal()) for name in effects}
        expected = {name: float(p) for name, p in predict(theta).items()}
        seen = {name: expected[name] + se * random.normal() for name, (_, se) in LOG_RATIOS.items()}
        seen[EARLY_HALF] = random.binomial(int(STOPPED_BY_24), expected[EARLY_HALF]) / STOPPED_BY_24
        for setting, causes in model.published.items():
            count = int(next(iter(causes.values()))[2])
            shares = [expected[f"{setting}/{cause}"] for cause in causes]
            stopped = random.multinomial(count, [*shares, 1.0 - sum(shares)])
            seen |= {f"{setting}/{cause}": k / count for cause, k in zip(causes, stopped, strict=False)}
        return theta | coordinates(theta), ({name: jnp.asarray(v) for name, v in seen.items()},)

    return Stage("persistence", model, simulate)


def _predicted(model: StoppingModel) -> Callable[[Values], dict[str, Any]]:
    return lambda theta: model.predicted(dict(theta), model.hazards(dict(theta)))


STAGES = {"latent": latent_stage, "remedy": remedy_stage, "persistence": stopping_stage}
