"""Study effects of the fit: half of their variance is shared within a trial and normal, half is each result's own.

The own half has heavy tails (Student t): now and then one printed result lies far off, and must neither drag the fit
nor silence the other results of its trial. A Student t is a normal with a random variance; its weight is found by
expectation-maximisation, given where the result lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.body.between_trials import SHARED, TAIL_DEGREES_OF_FREEDOM
from aimss.calibration.between_trials import GROUPS, PRIOR, WIDE_PRIOR, by_study, covariance, group_of, is_wide
from aimss.calibration.target import Target

Array = NDArray[np.float64]
ROUNDS = 12  # of weights and expected own effects; they settle to 1e-3 in fewer
REWEIGHTED = 6  # times that weights and parameters are found in turn in a linear model
SMALLEST_OWN = 1e-12  # variance of an own effect: targets without a spread have none


@dataclass(frozen=True, eq=False)
class Scatter:
    """Variance of results about the model, by trial.

    shared : (t, t) within trials; own, sampling : (t,), of the result's own effect (its scale squared) and its SE.
    """

    blocks: tuple[NDArray[np.int64], ...]
    shared: Array
    own: Array
    sampling: Array

    def weights(self, residuals: Array) -> Array:
        """Return the weight of each result, (t,): about 1 where it is expected, small where it lies far off."""
        found = np.ones(len(residuals))
        for k in self.blocks:
            shared, own = self.shared[np.ix_(k, k)], np.maximum(self.own[k], SMALLEST_OWN)
            for _ in range(ROUNDS):
                scaled = own / found[k]
                inverse = np.linalg.inv(shared + np.diag(self.sampling[k] + scaled))
                effect = scaled * (inverse @ residuals[k])
                variance = scaled - scaled**2 * np.diag(inverse)
                found[k] = (TAIL_DEGREES_OF_FREEDOM + 1) / (TAIL_DEGREES_OF_FREEDOM + (effect**2 + variance) / own)
        return found

    def precision(self, weights: Array) -> Array:
        """Return the precision of the results, (t, t), zero between trials."""
        found = np.zeros_like(self.shared)
        for k in self.blocks:
            found[np.ix_(k, k)] = np.linalg.inv(
                self.shared[np.ix_(k, k)] + np.diag(self.sampling[k] + self.own[k] / weights[k])
            )
        return found

    def of(self, kept: NDArray[np.int64]) -> Scatter:
        """Return the scatter of some of the results; whole trials are kept or left out."""
        place = {int(old): new for new, old in enumerate(kept)}
        blocks = tuple(np.array([place[int(i)] for i in k]) for k in self.blocks if int(k[0]) in place)
        return Scatter(blocks, self.shared[np.ix_(kept, kept)], self.own[kept], self.sampling[kept])

    def draw(self, normals: Array, heavy: Array) -> Array:
        """Return simulated departures from the model, (n, t), of standard normals (n, 2 t) and Student t (n, t)."""
        t = len(self.own)
        root = np.linalg.cholesky(self.shared + 1e-12 * np.eye(t))
        return np.asarray(normals[:, :t] @ root.T + normals[:, t:] * np.sqrt(self.sampling) + heavy * np.sqrt(self.own))


def scatter(targets: Sequence[Target], errors: Array, spread: Mapping[str, float]) -> Scatter:
    """Return the scatter of targets with standard errors (t,) under a spread between trials."""
    effects = covariance(targets, spread)
    return Scatter(tuple(by_study(targets)), SHARED * effects, (1 - SHARED) * np.diag(effects), errors**2)


def linear_fit(
    around: Scatter, slopes: Array, residuals: Array, prior_precision: Array, pull: Array | float = 0.0
) -> tuple[Array, Array]:
    """Return the best move (k,) of parameters and its covariance (k, k) in a linear model of residuals (t,).

    slopes : (t, k); pull : gradient of the prior where the residuals were taken. Weights are found along the way.
    """
    move = np.zeros(slopes.shape[1])
    for _ in range(REWEIGHTED):
        precision = around.precision(around.weights(residuals - slopes @ move))
        covariance = np.asarray(np.linalg.inv(slopes.T @ precision @ slopes + prior_precision), dtype=np.float64)
        move = covariance @ (slopes.T @ precision @ residuals + pull)
    return move, covariance


def student_t(seed: int, stream: str, first: int, count: int, width: int) -> Array:
    """Return Student t numbers of the own effects, (count, width), addressed by seed, stream and row."""
    from scipy.special import stdtrit

    from aimss.counter_random import uniforms

    return np.asarray(stdtrit(TAIL_DEGREES_OF_FREEDOM, uniforms(seed, stream, first, count, width)))


def of_one_result(shared: Array, own: Array) -> Array:
    """Return study effects of unit scale of single results, of standard normals and Student t numbers."""
    return np.asarray(np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own)


def fit_spread(
    targets: Sequence[Target],
    residuals: Array,
    errors: Array,
    of_predictions: Array | None = None,
    weights: Array | None = None,
) -> dict[str, float]:
    """Return the spread of every group and the factor of the wide ones, at the maximum of their posterior.

    residuals, errors : (t,) on the scale of errors; of_predictions : (t, t), covariance of the predictions themselves,
    so that what the parameters took up of the residuals is given back; weights : (t,) of the own effects.
    """
    from scipy.optimize import minimize

    names = [*sorted({group_of(t) for t in targets} - {""}), "wide"]
    centre = np.log([PRIOR[n][0] if n in PRIOR else WIDE_PRIOR[0] for n in names])
    prior_sd = np.array([PRIOR[n][1] if n in PRIOR else WIDE_PRIOR[1] for n in names])
    of = np.array([names.index(group_of(t)) for t in targets])
    wide = np.array([is_wide(t) for t in targets])
    unit = covariance(targets, dict.fromkeys((*GROUPS, "wide"), 1.0))
    weight = np.ones(len(targets)) if weights is None else weights
    shape = SHARED * unit + np.diag((1 - SHARED) * np.diag(unit) / weight)
    seen = np.outer(residuals, residuals) + (0.0 if of_predictions is None else of_predictions)
    blocks = [(k, shape[np.ix_(k, k)], np.diag(errors[k] ** 2), seen[np.ix_(k, k)]) for k in by_study(targets)]

    def loss(x: Array) -> float:
        sd = np.exp(x[of] + np.where(wide, x[-1], 0.0))
        total = 0.5 * float(np.sum(((x - centre) / prior_sd) ** 2))
        for k, of_unit, sampling, squares in blocks:
            whole = sampling + of_unit * np.outer(sd[k], sd[k]) + 1e-10 * np.eye(len(k))
            sign, log_determinant = np.linalg.slogdet(whole)
            assert sign > 0
            total += 0.5 * log_determinant + 0.5 * float(np.sum(np.linalg.inv(whole) * squares))
        return total

    found = minimize(loss, centre, method="Nelder-Mead", options={"xatol": 5e-4, "fatol": 1e-4, "maxiter": 2000})
    return {name: float(v) for name, v in zip(names, np.exp(found.x), strict=True)}
