"""Simulation-based calibration of the fit: does its posterior hold the truth as often as it says?

Parameters are drawn, results simulated with study effects and sampling errors, the fit made again and the rank of the
truth read off its posterior (Talts and others 2018, arXiv 1804.06788). Twice, since priors as wide as these also hold
worlds in which a woman loses all of her bone, which no fit need find its way out of:

from the priors, in the linear model around the fit: the treatment of study effects and the Laplace posterior;
from the posterior, by the engine itself for typical women, with that posterior as the prior of the next data set: the
curvature of the equations where the parameters lie (Säilynoja and others 2025, arXiv 2502.03279).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.fit import Fit, Problem, fit
from aimss.calibration.study_effects import Scatter, linear_fit, student_t
from aimss.calibration.women_of_arms import TYPICAL
from aimss.counter_random import normals

Array = NDArray[np.float64]
ITERATIONS = 20  # of the fit to one simulated data set


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedProblem(Problem):
    """A problem of simulated results, (t,), with a normal prior of its own; errors and spread are the real ones."""

    simulated: Array
    prior_mean: Array
    prior_covariance: Array

    @property
    def observed(self) -> Array:
        """The simulated results."""
        return self.simulated

    @property
    def centre(self) -> Array:
        """Prior mean of ln parameters, (k,)."""
        return self.prior_mean

    @property
    def prior_precision(self) -> Array:
        """Inverse of the prior covariance of ln parameters, (k, k)."""
        return np.asarray(np.linalg.inv(self.prior_covariance), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class SimulationCheck:
    """Ranks of the truth, (data sets, parameters) in 0 to 1: uniform if the posterior is right."""

    names: tuple[str, ...]
    ranks: Array

    def coverage(self, level: float, name: str | None = None) -> float:
        """Return the share of truths within that central part of the posterior, of one parameter or over all."""
        ranks = self.ranks if name is None else self.ranks[:, self.names.index(name)]
        return float(np.mean(np.abs(ranks - 0.5) < level / 2))

    def p_values(self) -> dict[str, float]:
        """Return the p value of uniform ranks for each parameter (Kolmogorov-Smirnov)."""
        from scipy.stats import kstest

        return {name: float(kstest(self.ranks[:, i], "uniform").pvalue) for i, name in enumerate(self.names)}

    def mean_ranks(self) -> dict[str, float]:
        """Return the mean rank of each parameter: 0.5 if its posterior is centred, 0.6 if it lies 0.36 SD low."""
        return dict(zip(self.names, map(float, self.ranks.mean(axis=0)), strict=True))


def linear_check(whole: Fit, data_sets: int = 200, seed: int = 1) -> SimulationCheck:
    """Return the ranks of truths drawn from the priors, in the linear model around the fit."""
    problem = whole.problem
    around = problem.scatter(whole.spread)
    root = np.linalg.cholesky(np.linalg.inv(problem.prior_precision))
    ranks = np.empty((data_sets, len(problem.names)))
    for i in range(data_sets):
        truth = root @ normals(seed, "simulation-check/truth", i, 1, len(problem.names))[0]
        residual = whole.derivatives @ truth + _departures(around, seed, i)
        move, covariance = linear_fit(around, whole.derivatives, residual, problem.prior_precision)
        ranks[i] = _ranks(truth, move, covariance)
    return SimulationCheck(problem.names, ranks)


def engine_check(
    whole: Fit, data_sets: int = 200, seed: int = 1, progress: Callable[[str], None] = lambda _: None
) -> SimulationCheck:
    """Return the ranks of truths drawn from the posterior, each data set simulated and fitted by the engine."""
    problem = replace(whole.problem, women=TYPICAL)
    around = problem.scatter(whole.spread)
    root = np.asarray(np.linalg.cholesky(whole.covariance), dtype=np.float64)
    ranks = np.empty((data_sets, len(problem.names)))
    for i in range(data_sets):
        truth = _below(problem.largest, whole.ln_values, root, seed, i)
        simulated = problem.predicted(truth[None])[0] + _departures(around, seed, i)
        made = SimulatedProblem(
            arms=problem.arms, targets=problem.targets, priors=problem.priors, parameters=problem.parameters,
            simulated=simulated, prior_mean=whole.ln_values, prior_covariance=whole.covariance,
        )  # fmt: skip
        found = fit(made, spread=whole.spread, refit_spread=False, iterations=ITERATIONS)
        ranks[i] = _ranks(truth, found.ln_values, found.covariance)
        progress(f"data set {i + 1} of {data_sets}")
    return SimulationCheck(problem.names, ranks)


def _departures(around: Scatter, seed: int, number: int) -> Array:
    """Study effects and sampling errors of one simulated data set, (t,)."""
    t = len(around.own)
    z = normals(seed, "simulation-check/results", number, 1, 2 * t)
    heavy = student_t(seed, "simulation-check/own", number, 1, t)
    return np.asarray(around.draw(z, heavy)[0])


def _ranks(truth: Array, centre: Array, covariance: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr((truth - centre) / np.sqrt(np.diag(covariance))))


def _below(largest: Array, mean: Array, root: Array, seed: int, number: int) -> Array:
    """One draw of ln parameters, (k,); the distribution is cut where a share reaches its bound."""
    for attempt in range(1000):
        truth = mean + root @ normals(seed, f"simulation-check/truth/{attempt}", number, 1, len(mean))[0]
        if (truth <= largest).all():
            return np.asarray(truth)
    raise AssertionError("no draw within the bounds of the shares")
