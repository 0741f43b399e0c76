"""Leave one trial out: what the fit would have predicted of a trial that it never saw.

The fit without a trial is the Gauss-Newton solution in the linear model around the whole fit (its deletion formula);
`refitted` makes it again in full, to check that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.between_trials import by_study, study_sd
from aimss.calibration.fit import Fit, fit, without
from aimss.calibration.study_effects import linear_fit, of_one_result, student_t
from aimss.counter_random import normals

Array = NDArray[np.float64]
DRAWS = 4000


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of every target by the fit without its trial, (t,) on the scale of errors.

    predicted : the mean; of_parameters : SD of what the rest of the trials leaves open; study : scale of its effect.
    """

    predicted: Array
    of_parameters: Array
    study: Array
    sampling: Array

    def quantiles(self, shares: Sequence[float], seed: int = 1) -> Array:
        """Return predictive quantiles (shares, t) with study effects as the fit takes them."""
        t = len(self.predicted)
        z = normals(seed, "leave-one-out", 0, DRAWS, 2 * t)
        effect = of_one_result(z[:, t:], student_t(seed, "leave-one-out/own", 0, DRAWS, t))
        drawn = self.predicted + np.hypot(self.of_parameters, self.sampling) * z[:, :t] + self.study * effect
        return np.asarray(np.quantile(drawn, shares, axis=0))


def leave_one_trial_out(whole: Fit) -> HeldOut:
    """Return the linearised held-out predictions of all targets of a fit."""
    problem, count = whole.problem, len(whole.problem.targets)
    predicted, of_parameters = np.empty(count), np.empty(count)
    every = problem.scatter(whole.spread)
    prior = problem.prior_precision
    start = problem.observed - whole.predicted
    for out in by_study(problem.targets):
        kept = np.setdiff1d(np.arange(count), out)
        slopes, residual = whole.derivatives[kept], start[kept]
        rest = every.of(kept)
        pull = -prior @ (whole.ln_values - problem.centre)
        move, covariance = linear_fit(rest, slopes, residual, prior, pull)
        here = whole.derivatives[out]
        predicted[out] = whole.predicted[out] + here @ move
        of_parameters[out] = np.sqrt(np.einsum("ij,jk,ik->i", here, covariance, here))
    study = np.array([study_sd(t, whole.spread) for t in problem.targets])
    return HeldOut(predicted, of_parameters, study, problem.errors)


def refitted(whole: Fit, study: str, iterations: int = 8) -> Array:
    """Return predictions of the targets of one trial by a full fit without it, (t of it,)."""
    rest = fit(without(whole.problem, study), whole.ln_values, whole.spread, refit_spread=False, iterations=iterations)
    every = whole.problem.predicted(rest.ln_values[None])[0]
    return np.asarray(every[[t.study == study for t in whole.problem.targets]])
