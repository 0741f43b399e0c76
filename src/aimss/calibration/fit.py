"""The fit: Gauss-Newton to the maximum of the posterior on ln parameters, and the Laplace posterior around it.

Every arm is integrated for all finite-difference steps in one call of the engine. Study effects (decision 0191) are
weighed again at every step, and their sizes fitted by their marginal likelihood along the way.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters
from aimss.calibration.arms import Arm
from aimss.calibration.predict import predict
from aimss.calibration.standard_errors import standard_error
from aimss.calibration.study_effects import Scatter, fit_spread, scatter
from aimss.calibration.target import Target
from aimss.calibration.women_of_arms import TYPICAL, Women, women_of_arms

Array = NDArray[np.float64]
STEP = 0.04  # of ln parameter, for finite differences
TOLERANCE = 1e-5  # relative, of the engine
LARGEST_SHARE = 0.98  # a share is kept below 1
DAMPINGS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)  # Levenberg-Marquardt, all tried at once
LARGEST_MOVE = 0.7  # of ln parameter in one iteration
ITERATIONS = 12
SITE_PRIOR_CORRELATION = 0.8  # of total hip and femoral neck, one bone (assumed)
SMALL_GAIN = 0.003  # of the negative log posterior


def _process(name: str) -> str:
    """The process of which a name is the hip or the neck; '' for every other parameter."""
    for site in ("_total_hip", "_femoral_neck"):
        if name.endswith(site):
            return name.removesuffix(site)
    return ""


@dataclass(frozen=True)
class Prior:
    """Lognormal prior of one parameter."""

    name: str
    stage: str
    median: float
    ln_sd: float
    status: str
    basis: str


@cache
def priors(*stages: str) -> tuple[Prior, ...]:
    """Return the priors of some stages (bone, fracture); of all without a name."""
    lines = csv.DictReader((files("aimss.calibration") / "priors.csv").read_text(encoding="utf-8").splitlines())
    found = (
        Prior(r["name"], r["stage"], float(r["median"]), float(r["ln_sd"]), r["status"], r["basis"]) for r in lines
    )
    return tuple(p for p in found if not stages or p.stage in stages)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is fitted to what: priors of the free parameters, targets, arms with their women, and the other values."""

    arms: Mapping[str, Arm]
    targets: tuple[Target, ...]
    priors: tuple[Prior, ...]
    parameters: Parameters
    women: Women = TYPICAL

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(p.name for p in self.priors)

    @property
    def centre(self) -> Array:
        """Prior mean of ln parameters, (k,)."""
        return np.log([p.median for p in self.priors])

    @property
    def prior_sd(self) -> Array:
        """Prior SD of ln parameters, (k,)."""
        return np.array([p.ln_sd for p in self.priors])

    @property
    def prior_precision(self) -> Array:
        """Inverse of the prior covariance of ln parameters, (k, k): hip and neck of one process correlate."""
        correlation = np.eye(len(self.names))
        for i, one in enumerate(self.names):
            for j, other in enumerate(self.names):
                if one != other and _process(one) and _process(one) == _process(other):
                    correlation[i, j] = SITE_PRIOR_CORRELATION
        return np.asarray(np.linalg.inv(correlation * np.outer(self.prior_sd, self.prior_sd)), dtype=np.float64)

    @property
    def largest(self) -> Array:
        """Upper bound of ln parameters, (k,): shares stay below 1."""
        bounded = [self.parameters.parameter(n).distribution == "lognormal in (0,1)" for n in self.names]
        return np.where(bounded, np.log(LARGEST_SHARE), np.inf)

    @property
    def observed(self) -> Array:
        """Observed values on the scale of errors, (t,)."""
        return np.array([float(t.to_scale(t.observed)) for t in self.targets])

    @property
    def errors(self) -> Array:
        """Standard errors on that scale, (t,)."""
        return np.array([standard_error(t) for t in self.targets])

    def scatter(self, spread: Mapping[str, float]) -> Scatter:
        """Return the variance of the results about the model under a spread between trials."""
        return scatter(self.targets, self.errors, spread)

    def predicted(self, ln_values: Array, tolerance: float = TOLERANCE) -> Array:
        """Return predictions on the scale of errors, (p, t), for rows of ln parameters (p, k)."""
        sets = {name: np.exp(ln_values[:, i]) for i, name in enumerate(self.names)}
        told = predict(
            self.arms, self.targets, sets, parameters=self.parameters, women=self.women, relative_tolerance=tolerance
        )
        return np.stack([t.to_scale(told[:, i]) for i, t in enumerate(self.targets)], axis=-1)

    def linearised(self, ln_values: Array, *, central: bool = False) -> tuple[Array, Array]:
        """Return predictions (t,) and their derivatives by ln parameters (t, k)."""
        k = len(ln_values)
        steps = np.eye(k) * STEP
        rows = [ln_values[None], ln_values + steps]
        if central:
            rows.append(ln_values - steps)
        found = self.predicted(np.concatenate(rows))
        if central:
            return found[0], (found[1 : k + 1] - found[k + 1 :]).T / (2 * STEP)
        return found[0], (found[1 : k + 1] - found[0]).T / STEP


@dataclass(frozen=True, eq=False)
class Fit:
    """Maximum of the posterior with its Laplace approximation.

    ln_values (k,), covariance (k, k) of ln parameters; predicted (t,), derivatives (t, k) there; spread between trials;
    weights (t,) of the results' own effects.
    """

    problem: Problem
    ln_values: Array
    covariance: Array
    predicted: Array
    derivatives: Array
    spread: dict[str, float]
    weights: Array
    objective: float
    iterations: int

    @property
    def values(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(zip(self.problem.names, map(float, np.exp(self.ln_values)), strict=True))

    @property
    def contraction(self) -> dict[str, float]:
        """How much narrower than its prior each parameter became: 0 not informed by the data, 1 known."""
        share = np.sqrt(np.diag(self.covariance)) / self.problem.prior_sd
        return dict(zip(self.problem.names, map(float, 1 - share), strict=True))


def fit(
    problem: Problem,
    start: Array | None = None,
    spread: Mapping[str, float] | None = None,
    *,
    refit_spread: bool = True,
    iterations: int = ITERATIONS,
    progress: Callable[[str], None] = lambda _: None,
) -> Fit:
    """Return the maximum of the posterior; `start` is ln parameters, `spread` the first study effects.

    The spread is fitted again after every step until the last three iterations, then held.
    """
    x = problem.centre.copy() if start is None else np.minimum(start, problem.largest)
    predicted, slopes = problem.linearised(x)
    now = dict(spread) if spread else fit_spread(problem.targets, problem.observed - predicted, problem.errors)
    around, done, objective = problem.scatter(now), 0, np.inf
    weights = around.weights(problem.observed - predicted)
    for done in range(1, iterations + 1):
        if refit_spread and 1 < done <= max(iterations - 3, 2):
            now = _spread_again(problem, predicted, slopes, around.precision(weights), weights)
            around = problem.scatter(now)
            weights = around.weights(problem.observed - predicted)
        precision = around.precision(weights)
        objective = _objective(problem, x, predicted, precision)
        x, predicted, new = _step(problem, x, predicted, slopes, precision, objective)
        progress(f"iteration {done}: {objective:.2f} to {new:.2f}")
        weights = around.weights(problem.observed - predicted)
        if objective - new < SMALL_GAIN and done > 2:
            break
        predicted, slopes = problem.linearised(x)
    predicted, slopes = problem.linearised(x, central=True)
    precision = around.precision(weights)
    posterior = np.asarray(np.linalg.inv(slopes.T @ precision @ slopes + problem.prior_precision), dtype=np.float64)
    return Fit(problem, x, posterior, predicted, slopes, now, weights, objective, done)


def _spread_again(
    problem: Problem, predicted: Array, slopes: Array, precision: Array, weights: Array
) -> dict[str, float]:
    posterior = np.linalg.inv(slopes.T @ precision @ slopes + problem.prior_precision)
    of_predictions = slopes @ posterior @ slopes.T
    return fit_spread(problem.targets, problem.observed - predicted, problem.errors, of_predictions, weights)


def _objective(problem: Problem, x: Array, predicted: Array, precision: Array) -> float:
    residual, moved = problem.observed - predicted, x - problem.centre
    return 0.5 * float(moved @ problem.prior_precision @ moved + residual @ precision @ residual)


def _step(
    problem: Problem, x: Array, predicted: Array, slopes: Array, precision: Array, objective: float
) -> tuple[Array, Array, float]:
    prior = problem.prior_precision
    gradient = slopes.T @ precision @ (problem.observed - predicted) - prior @ (x - problem.centre)
    curvature = slopes.T @ precision @ slopes + prior
    rows = []
    for damping in DAMPINGS:
        move = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), gradient)
        rows.append(np.minimum(x + move * min(1.0, LARGEST_MOVE / np.abs(move).max()), problem.largest))
    tried = np.array(rows)
    found = problem.predicted(tried)
    costs = [_objective(problem, row, p, precision) for row, p in zip(tried, found, strict=True)]
    best = int(np.argmin(costs))
    if costs[best] >= objective:
        return x, predicted, objective
    return tried[best], found[best], costs[best]


def without(problem: Problem, study: str) -> Problem:
    """Return the problem without the targets of one trial."""
    return replace(problem, targets=tuple(t for t in problem.targets if t.study != study))


def bone_problem(
    arms: Mapping[str, Arm], targets: Sequence[Target], parameters: Parameters, stages: Sequence[str] = ("bone",)
) -> Problem:
    """Return the fit of bone: every BMD and marker target with role calibrate."""
    from aimss.calibration.between_trials import group_of

    kept = tuple(t for t in targets if t.role == "calibrate" and group_of(t) in ("spine", "hip", "marker"))
    return Problem(arms, kept, priors(*stages), parameters, women_of_arms(parameters))
