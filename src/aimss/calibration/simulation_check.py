"""Simulation-based calibration of the fit: does its posterior hold the truth as often as it says?

Parameters are drawn from their priors, results simulated with study effects and sampling errors, the fit made again and
the rank of the truth read off its posterior (Talts and others 2018, arXiv 1804.06788). With the engine every data set
is simulated and fitted by the equations themselves, for typical women; without it in the linear model around the fit,
where only the treatment of study effects and the Laplace posterior are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.fit import Fit, Problem, fit
from aimss.calibration.study_effects import linear_fit, student_t
from aimss.calibration.women_of_arms import TYPICAL
from aimss.counter_random import normals

Array = NDArray[np.float64]
ITERATIONS = 20  # of the fit to one simulated data set


@dataclass(frozen=True, eq=False)
class SimulatedProblem(Problem):
    """A problem whose results are simulated ones, (t,) on the scale of errors; errors and spread are the real ones."""

    simulated: Array | None = None

    @property
    def observed(self) -> Array:
        """The simulated results."""
        assert self.simulated is not None
        return self.simulated


@dataclass(frozen=True, eq=False)
class SimulationCheck:
    """Ranks of the truth, (data sets, parameters) in 0 to 1: uniform if the posterior is right."""

    names: tuple[str, ...]
    ranks: Array

    @property
    def coverage_90(self) -> float:
        """Share of truths within the central 90 % of the posterior, over all parameters."""
        return float(np.mean((self.ranks > 0.05) & (self.ranks < 0.95)))

    def p_values(self) -> dict[str, float]:
        """Return the p value of uniform ranks for each parameter (Kolmogorov-Smirnov)."""
        from scipy.stats import kstest

        return {name: float(kstest(self.ranks[:, i], "uniform").pvalue) for i, name in enumerate(self.names)}


def simulation_check(
    whole: Fit,
    data_sets: int = 200,
    seed: int = 1,
    *,
    engine: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> SimulationCheck:
    """Return the ranks of true parameters in the posteriors of simulated data sets."""
    from scipy.special import ndtr

    problem = replace(whole.problem, women=TYPICAL)
    k, t = len(problem.names), len(problem.targets)
    around = problem.scatter(whole.spread)
    ranks = np.empty((data_sets, k))
    for i in range(data_sets):
        truth = _from_prior(problem, seed, i)
        z, heavy = normals(seed, "simulation-check", i, 1, 2 * t), student_t(seed, "simulation-check/own", i, 1, t)
        scatter = around.draw(z, heavy)[0]
        if engine:
            results = problem.predicted(truth[None])[0] + scatter
            made = SimulatedProblem(
                problem.arms, problem.targets, problem.priors, problem.parameters, TYPICAL, simulated=results
            )
            found = fit(made, spread=whole.spread, refit_spread=False, iterations=ITERATIONS)
            centre, covariance = found.ln_values, found.covariance
        else:
            residual = whole.derivatives @ (truth - problem.centre) + scatter
            move, covariance = linear_fit(around, whole.derivatives, residual, problem.prior_precision)
            centre = problem.centre + move
        ranks[i] = ndtr((truth - centre) / np.sqrt(np.diag(covariance)))
        progress(f"data set {i + 1} of {data_sets}")
    return SimulationCheck(problem.names, ranks)


def _from_prior(problem: Problem, seed: int, number: int) -> Array:
    """One draw of ln parameters, (k,); the prior is cut where a share reaches its bound."""
    root = np.linalg.cholesky(np.linalg.inv(problem.prior_precision))
    for attempt in range(1000):
        z = normals(seed, f"simulation-check/truth/{attempt}", number, 1, len(problem.names))[0]
        truth = problem.centre + root @ z
        if (truth <= problem.largest).all():
            return np.asarray(truth)
    raise AssertionError("no draw of the priors within their bounds")
