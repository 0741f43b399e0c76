"""The Laplace posterior beside an ensemble sampler on the same problem (emcee, Foreman-Mackey and others 2013).

Typical women stand for every arm in both, since the sampler needs a hundred thousand evaluations; the weights of the
results are those of the fit. What is compared is therefore the curvature of the equations, not the study effects,
which the simulated data sets check. Needs the extra `bayes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.fit import Fit, Problem, fit
from aimss.calibration.women_of_arms import TYPICAL
from aimss.errors import RunError

Array = NDArray[np.float64]
WALKERS_PER_PARAMETER = 3
FEWEST_WALKERS = 40
WARM_UP_SHARE = 0.25
TOLERANCE = 1e-4  # of the engine: the chain needs the posterior to a hundredth of a unit, not a derivative
SEED = 1
MEND = "Install it with `pip install aimss[bayes]`."


@dataclass(frozen=True, eq=False)
class SamplerCheck:
    """Both posteriors of ln parameters, each (k,); autocorrelation in steps; share of proposals taken."""

    names: tuple[str, ...]
    laplace_mean: Array
    laplace_sd: Array
    mean: Array
    sd: Array
    r_hat: Array
    autocorrelation: Array
    accepted: float
    steps: int

    @property
    def shift(self) -> Array:
        """By how many SDs of the sampler the Laplace centre lies off, (k,)."""
        return (self.laplace_mean - self.mean) / self.sd


def sampler_check(whole: Fit, steps: int, progress: Callable[[str], None] = lambda _: None) -> SamplerCheck:
    """Return the posterior by an ensemble of walkers beside the Laplace posterior, for typical women.

    Raises RunError without emcee.
    """
    try:
        import emcee
    except ImportError:
        raise RunError("sampler check", "the extra `bayes` (emcee)", "not installed", MEND) from None
    problem = replace(whole.problem, women=TYPICAL)
    found = fit(problem, whole.ln_values, whole.spread, refit_spread=False)
    density = _log_density(problem, problem.scatter(found.spread).precision(found.weights))
    rng = np.random.default_rng(SEED)
    walkers = max(2 * (WALKERS_PER_PARAMETER * len(problem.names) // 2), FEWEST_WALKERS)
    root = np.linalg.cholesky(found.covariance)
    start = np.minimum(found.ln_values + rng.standard_normal((walkers, len(root))) @ root.T, problem.largest - 1e-6)
    moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]
    sampler = emcee.EnsembleSampler(walkers, len(root), density, vectorize=True, moves=moves)
    sampler.random_state = np.random.RandomState(SEED).get_state()
    for number, _ in enumerate(sampler.sample(start, iterations=steps), start=1):
        if number % 50 == 0:
            progress(f"step {number} of {steps}")
    kept = sampler.get_chain(discard=int(WARM_UP_SHARE * steps))  # (steps, walkers, k)
    flat = kept.reshape(-1, kept.shape[-1])
    return SamplerCheck(
        problem.names,
        found.ln_values,
        np.sqrt(np.diag(found.covariance)),
        flat.mean(axis=0),
        flat.std(axis=0),
        split_r_hat(kept),
        np.asarray(emcee.autocorr.integrated_time(kept, quiet=True)),
        float(np.mean(sampler.acceptance_fraction)),
        steps,
    )


def _log_density(problem: Problem, precision: Array) -> Callable[[Array], Array]:
    def density(rows: Array) -> Array:
        found = np.full(len(rows), -np.inf)
        inside = (rows <= problem.largest).all(axis=1)
        if inside.any():
            residual = problem.observed - problem.predicted(rows[inside], TOLERANCE)
            moved = rows[inside] - problem.centre
            misfit = np.einsum("pi,ij,pj->p", residual, precision, residual)
            found[inside] = -0.5 * (misfit + np.einsum("pi,ij,pj->p", moved, problem.prior_precision, moved))
        return np.where(np.isfinite(found), found, -np.inf)

    return density


def split_r_hat(chain: Array) -> Array:
    """Return R-hat of every parameter, (k,), of a chain (steps, walkers, k): four groups of walkers, each in halves.

    Gelman and others 2013, Bayesian Data Analysis, section 11.4. Walkers of one ensemble help each other along, so that
    groups of them, not single walkers, stand for chains.
    """
    half = len(chain) // 2
    groups = [g for part in (chain[:half], chain[half : 2 * half]) for g in np.array_split(part, 4, axis=1)]
    means = np.array([g.mean(axis=(0, 1)) for g in groups])
    within = np.array([g.var(axis=(0, 1), ddof=1) for g in groups]).mean(axis=0)
    return np.asarray(np.sqrt(1 + means.var(axis=0, ddof=1) / within))
