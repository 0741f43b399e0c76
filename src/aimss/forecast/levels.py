"""Her own bone level and slope: the linear-Gaussian part of the forecast, solved exactly for every twin.

ln BMD of site s at day t is  level_s + L_s(t) - L_s(0) + slope_s t / 365.25,  where L is the twin's simulated log
course. Level and slope are normal before her scans are seen; given a twin, the scans are normal too, so their joint
likelihood (the twin's weight) and the posterior of level and slope have closed forms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.patient.dates import DAYS_PER_YEAR

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScanData:
    """Her scans on one scale: day (j,), site index (j,), ln BMD in g/cm2 (j,) and its SD (j,)."""

    day: Array
    site: NDArray[np.int64]
    log_bmd: Array
    sd: Array

    @property
    def count(self) -> int:
        """Number of scans."""
        return len(self.day)


@dataclass(frozen=True, eq=False)
class LevelPrior:
    """Normal prior of (level of three sites, slope of three sites), ln g/cm2 and ln per year: mean (6,), covariance."""

    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class LevelPosterior:
    """Given each of n twins: mean (n, 6), and the common Cholesky factor (6, 6) of the covariance."""

    log_likelihood: Array
    mean: Array
    factor: Array

    def sample(self, normals: Array) -> Array:
        """Level and slope (n, 6) from standard normal numbers (n, 6)."""
        return np.asarray(self.mean + normals @ self.factor.T)


def update_levels(prior: LevelPrior, scans: ScanData, course: Array) -> LevelPosterior:
    """Level and slope given the scans, for each twin.

    course : (n, j), simulated L_s(t_j) - L_s(0) of each twin at each scan.
    """
    design = np.zeros((scans.count, 6))
    rows = np.arange(scans.count)
    design[rows, scans.site] = 1.0
    design[rows, 3 + scans.site] = scans.day / DAYS_PER_YEAR
    residual = scans.log_bmd - course - design @ prior.mean
    marginal = design @ prior.covariance @ design.T + np.diag(scans.sd**2)
    factor = np.linalg.cholesky(marginal) if scans.count else np.zeros((0, 0))
    white = np.linalg.solve(factor, residual.T) if scans.count else np.zeros((0, len(course)))
    log_likelihood = -0.5 * np.sum(white**2, axis=0) - np.log(np.diag(factor)).sum()
    gain = np.linalg.solve(marginal, design @ prior.covariance).T if scans.count else np.zeros((6, 0))
    covariance = prior.covariance - gain @ design @ prior.covariance
    # symmetrised: rounding would otherwise stop the factorisation
    posterior_factor = np.linalg.cholesky((covariance + covariance.T) / 2 + 1e-15 * np.eye(6))
    return LevelPosterior(log_likelihood, prior.mean + residual @ gain.T, np.asarray(posterior_factor))
