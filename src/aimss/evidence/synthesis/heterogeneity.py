"""Estimators of the between-study variance tau² and its Q-profile interval, with or without moderators.

Throughout, ``y`` and ``v`` have shape (k,), ``x`` is the (k, p) model matrix, W = diag(1 / (v + tau²)) and
P = W - W X (X'WX)⁻¹ X'W. References: DerSimonian and Laird (1986), Paule and Mandel (1982), Viechtbauer (2005;
REML and ML by Fisher scoring), Viechtbauer (2007; Q-profile interval).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError

Array = NDArray[np.floating[Any]]

TAU2_METHODS = ("CE", "DL", "PM", "REML", "ML")
PAULE_MANDEL_TOLERANCE = 1e-13
"""Relative width of the bracket around tau² at which the Paule-Mandel root is accepted (decision 0104)."""


def projection(v: Array, x: Array, tau2: float) -> tuple[Array, Array]:
    """Return weights (k,) and the matrix P (k, k) at a given tau²."""
    w = 1 / (v + tau2)
    wx = w[:, None] * x
    p = np.diag(w) - wx @ np.linalg.solve(x.T @ wx, wx.T)
    return w, p


def cochran_q(y: Array, v: Array, x: Array, tau2: float = 0.0) -> float:
    """Return the (generalised) Q statistic at tau²: weighted residual sum of squares of the model."""
    w = 1 / (v + tau2)
    root = np.sqrt(w)
    residual = root * y - (root[:, None] * x) @ np.linalg.lstsq(root[:, None] * x, root * y, rcond=None)[0]
    return float(residual @ residual)


def estimate_tau2(y: Array, v: Array, x: Array, method: str) -> tuple[float, float | None]:
    """Return tau² and its large-sample standard error (None where the method has none).

    Raises
    ------
    EvidenceError : unknown method, or the likelihood could not be maximised.
    """
    k, p = x.shape
    if method not in TAU2_METHODS:
        raise EvidenceError("method", "one of " + ", ".join((*TAU2_METHODS, "GLMM")), method)
    if method == "CE" or k <= p:
        return 0.0, None
    if method == "DL":
        return _dersimonian_laird(y, v, x)
    if method == "PM":
        return _paule_mandel(y, v, x), None
    restricted = method == "REML"
    tau2 = _fisher_scoring(y, v, x, restricted=restricted)
    # one very precise study can make the likelihood higher at 0 than at the maximum that scoring found
    at_zero = log_likelihood(y, v, x, 0.0, restricted=restricted)
    if tau2 > 0 and at_zero > log_likelihood(y, v, x, tau2, restricted=restricted):
        tau2 = 0.0
    w, proj = projection(v, x, tau2)
    information = float(np.sum(proj * proj)) if restricted else float(np.sum(w * w))
    return tau2, float(np.sqrt(2 / information))


def _dersimonian_laird(y: Array, v: Array, x: Array) -> tuple[float, float]:
    k, p = x.shape
    _, proj = projection(v, x, 0.0)
    trace = float(np.trace(proj))
    tau2 = max(0.0, (float(y @ proj @ y) - (k - p)) / trace)
    spread = 2 * (k - p) + 4 * tau2 * trace + 2 * tau2**2 * float(np.sum(proj * proj))
    return tau2, float(np.sqrt(spread)) / trace


def _paule_mandel(y: Array, v: Array, x: Array) -> float:
    k, p = x.shape
    return _q_root(y, v, x, float(k - p))


def _q_root(y: Array, v: Array, x: Array, target: float) -> float:
    """Solve Q(tau²) = target; Q falls with tau², so a start at or below the target gives 0."""
    from scipy.optimize import brentq

    if cochran_q(y, v, x) <= target:
        return 0.0
    high = max(float(np.var(y)), float(v.min()), 1e-300)
    while cochran_q(y, v, x, high) > target:
        high *= 4
        if not np.isfinite(high):
            raise EvidenceError("tau²", "a finite between-study variance", "no upper bound found")
    root = brentq(lambda t: cochran_q(y, v, x, t) - target, 0.0, high, xtol=1e-300,
                  rtol=PAULE_MANDEL_TOLERANCE, maxiter=500)  # fmt: skip
    return float(root)


def _score(y: Array, v: Array, x: Array, tau2: float, restricted: bool) -> tuple[float, float]:
    """Return the Fisher step numerator and information for tau² (both doubled)."""
    w, p = projection(v, x, tau2)
    py = p @ y
    if restricted:
        return float(py @ py) - float(np.trace(p)), float(np.sum(p * p))
    return float(py @ py) - float(w.sum()), float(np.sum(w * w))


def _fisher_scoring(y: Array, v: Array, x: Array, *, restricted: bool) -> float:
    """Maximise the (restricted) likelihood over tau² >= 0 from the Hedges start; bisection when scoring stalls."""
    k, p = x.shape
    plain = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    hat = x @ np.linalg.solve(x.T @ x, x.T)
    start = max(0.0, (float(plain @ plain) - float(np.sum(v * (1 - np.diag(hat))))) / (k - p))
    found = fisher_scoring(lambda tau2: _score(y, v, x, tau2, restricted), start, float(v.min()))
    return _bisect_score(y, v, x, restricted) if found is None else found


def fisher_scoring(
    score: Callable[[float], tuple[float, float]], start: float, smallest: float, most: int = 200
) -> float | None:
    """Climb a likelihood over tau² >= 0 by Fisher scoring; None where it has not settled after ``most`` steps.

    Parameters
    ----------
    score : tau² -> derivative of the log-likelihood and its information, on a common scale.
    smallest : smallest sampling variance: the scale on which a step counts as none.
    """
    tau2, last = start, 0.0
    for _ in range(most):
        derivative, information = score(tau2)
        step = derivative / information
        # steps that change sign are overshooting: half of one lands close to the maximum
        step *= 0.5 if step * last < 0 else 1.0
        last = step
        if tau2 == 0 and step <= 0:
            return 0.0
        new = max(0.0, tau2 + step)
        if abs(new - tau2) <= 1e-13 * smallest + 1e-12 * new:
            return new
        tau2 = new
    return None


def _bisect_score(y: Array, v: Array, x: Array, restricted: bool) -> float:
    """Find the maximum on a log grid and polish it where the score changes sign."""
    from scipy.optimize import brentq

    scale = float(np.var(y)) + float(v.max())
    grid = np.concatenate(([0.0], scale * np.logspace(-12, 4, 400)))
    score = np.array([_score(y, v, x, t, restricted)[0] for t in grid])
    downs = [i for i in range(1, grid.size) if score[i - 1] > 0 >= score[i]]
    candidates = [0.0] if score[0] <= 0 else []
    candidates += [
        float(brentq(lambda t: _score(y, v, x, t, restricted)[0], grid[i - 1], grid[i], xtol=1e-15, rtol=1e-13))
        for i in downs
    ]
    if not candidates:
        raise EvidenceError("tau²", "a maximum of the likelihood", "none below a very large variance")
    return max(candidates, key=lambda t: log_likelihood(y, v, x, t, restricted=restricted))


def log_likelihood(y: Array, v: Array, x: Array, tau2: float, *, restricted: bool) -> float:
    """Return the (restricted) log-likelihood at tau², in metafor's normalisation."""
    k, p = x.shape
    w = 1 / (v + tau2)
    xwx = x.T @ (w[:, None] * x)
    value = 0.5 * float(np.log(w).sum()) - 0.5 * cochran_q(y, v, x, tau2)
    if not restricted:
        return float(value - 0.5 * k * np.log(2 * np.pi))
    return float(
        value
        - 0.5 * (k - p) * np.log(2 * np.pi)
        + 0.5 * np.linalg.slogdet(x.T @ x)[1]
        - 0.5 * np.linalg.slogdet(xwx)[1]
    )


def tau2_interval(y: Array, v: Array, x: Array, level: float) -> tuple[float, float] | None:
    """Return the Q-profile interval of tau² (Viechtbauer 2007), or None when no degree of freedom is left.

    Both bounds are 0 when even tau² = 0 leaves less scatter than chance would: the interval is then empty
    in theory, and (0, 0) is what is reported.
    """
    from scipy.special import chdtri

    k, p = x.shape
    if k <= p:
        return None
    tail = (1 - level) / 2
    low = _q_root(y, v, x, float(chdtri(k - p, tail)))
    high = _q_root(y, v, x, float(chdtri(k - p, 1 - tail)))
    return low, high


def typical_variance(v: Array, x: Array) -> float:
    """Return the typical sampling variance of Higgins and Thompson (2002), generalised to moderators."""
    k, p = x.shape
    _, proj = projection(v, x, 0.0)
    return float((k - p) / np.trace(proj))
