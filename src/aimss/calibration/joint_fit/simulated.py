"""Simulation-based check of stage A: data drawn from the priors, fitted again, and the rank of the truth in the draws.

Talts et al. 2018, arXiv 1804.06788: ranks are uniform if the sampler gives the posterior of its own model. Import only
after `extra.require_bayes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.handlers import seed as seeded
from numpyro.handlers import trace
from numpyro.infer import MCMC, NUTS, init_to_median

from aimss.calibration.joint_fit.latent import LatentModel
from aimss.calibration.joint_fit.priors import priors


def simulate(model: LatentModel, seed: int) -> tuple[dict[str, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return parameters drawn from the priors, and the published results and untreated arms that they would give."""
    random = np.random.default_rng(seed)
    with trace() as found, seeded(rng_seed=jax.random.key(seed)):
        theta = model.parameters()
    theta = {name: jnp.asarray(site["value"]) for name, site in found.items()}
    mean, sd = (float(theta[f"adverse_event_intercept{end}"]) for end in ("", "_sd"))
    theta["trial_adverse_event_intercept"] = jnp.asarray(mean + sd * random.normal(size=len(model.predictor.trials)))
    predicted, untreated = (np.asarray(v) for v in model.predictor(theta))
    count = model.women.astype(int)
    share = random.binomial(count, np.clip(np.where(model.is_score, 0.5, predicted), 0.0, 1.0)) / count
    error = random.normal(size=len(predicted)) * model.error
    score = np.where(model.is_ratio, predicted * np.exp(error), predicted + error)
    return theta, np.where(model.is_score, score, share), untreated + model.untreated_se * random.normal(size=3)


def simulation_check(
    model: LatentModel, data_sets: int, seed: int, *, warmup: int = 400, draws: int = 200,
    progress: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return for every data set and parameter the rank (0 to 1) of the truth among the draws, and its z."""
    kernel = NUTS(model, dense_mass=True, target_accept_prob=0.85, max_tree_depth=6,
                  init_strategy=init_to_median(num_samples=15))  # fmt: skip
    run = MCMC(kernel, num_warmup=warmup, num_samples=draws, num_chains=1, progress_bar=False, jit_model_args=True)
    rows = []
    for k in range(data_sets):
        truth, published, untreated = simulate(model, seed * 10_000 + k)
        run.run(jax.random.key(seed * 10_000 + k), jnp.asarray(published), jnp.asarray(untreated),
                extra_fields=("diverging",))  # fmt: skip
        found, divergent = run.get_samples(), int(np.asarray(run.get_extra_fields()["diverging"]).sum())
        for name in priors("latent"):
            values, true = np.asarray(found[name]), float(truth[name])
            rows.append(
                {
                    "data_set": k + 1,
                    "name": name,
                    "truth": true,
                    "rank": float((values < true).mean()),
                    "z": float((values.mean() - true) / values.std(ddof=1)),
                    "divergences": divergent,
                }
            )
        progress(f"simulated data set {k + 1} of {data_sets}, {divergent} divergences")
    return rows
