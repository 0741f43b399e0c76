"""Simulation-based calibration of the fit: does its posterior hold the truth as often as it says?

Parameters are drawn from their priors, results simulated with study effects and sampling errors, the fit made again and
the rank of the truth read off its posterior (Talts and others 2018, arXiv 1804.06788). All of it in the linear model
around the fit, so that what is checked is the treatment of study effects and the Laplace posterior, not the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.between_trials import by_study, tail_scale
from aimss.calibration.fit import Fit, observation_covariance, precision_of
from aimss.counter_random import normals

Array = NDArray[np.float64]
REWEIGHTED = 6


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


def simulation_check(whole: Fit, data_sets: int = 200, seed: int = 1) -> SimulationCheck:
    """Return the ranks of true parameters in the posteriors of simulated data sets."""
    from scipy.special import ndtr

    problem = whole.problem
    k, t = len(problem.names), len(problem.targets)
    prior = problem.prior_precision
    root = np.linalg.cholesky(np.linalg.inv(prior))
    every = observation_covariance(problem, whole.spread)
    effects = every - np.diag(problem.errors**2)
    effect_root = np.linalg.cholesky(effects + 1e-12 * np.eye(t))
    z = normals(seed, "simulation-check", 0, data_sets, k + 2 * t)
    ranks = np.empty((data_sets, k))
    for i in range(data_sets):
        truth = root @ z[i, :k]  # from the prior's centre
        heavy = effect_root @ z[i, k : k + t]
        for block, scale in zip(by_study(problem.targets), tail_scale(seed * 1000 + i, 200), strict=False):
            heavy[block] /= np.sqrt(scale)
        residual = whole.derivatives @ truth + heavy + problem.errors * z[i, k + t :]
        move = np.zeros(k)
        for _ in range(REWEIGHTED):
            precision = precision_of(problem, every, residual - whole.derivatives @ move)
            covariance = np.linalg.inv(whole.derivatives.T @ precision @ whole.derivatives + prior)
            move = covariance @ (whole.derivatives.T @ precision @ residual)
        ranks[i] = ndtr((truth - move) / np.sqrt(np.diag(covariance)))
    return SimulationCheck(problem.names, ranks)
