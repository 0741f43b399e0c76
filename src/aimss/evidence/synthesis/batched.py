"""REML pooling of many data sets at once, for resampling and simulation: arrays (data set, study), no Python loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class BatchedFit:
    """Pooled mean, its standard error and tau² (each of shape (m,)); ``converged`` says for which data sets."""

    estimate: Array
    se: Array
    tau2: Array
    converged: NDArray[np.bool_]


def reml_many(y: Array, v: Array, *, iterations: int = 1000, tolerance: float = 1e-10) -> BatchedFit:
    """Pool each row of ``y`` (m, k) with sampling variances ``v`` (m, k) by REML (Fisher scoring, Hedges start).

    Same estimates as ``random_effects.pool``; a row that has not settled after ``iterations`` is marked and holds
    its last value.

    Raises
    ------
    EvidenceError : shapes differ, fewer than two studies, or a variance that is not above 0.
    """
    y, v = np.asarray(y, dtype=np.float64), np.asarray(v, dtype=np.float64)
    if y.ndim != 2 or y.shape != v.shape or y.shape[1] < 2:
        raise EvidenceError("y, v", "two arrays (data sets, studies) of one shape, two studies or more",
                            f"{y.shape} and {v.shape}")  # fmt: skip
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise EvidenceError("y, v", "finite effects and variances above 0", "others")
    tau2 = np.maximum(0.0, y.var(axis=1, ddof=1) - v.mean(axis=1))
    converged = np.zeros(len(y), dtype=bool)
    active = np.arange(len(y))
    ya, va = y, v
    last: Array = np.zeros(len(y))
    for _ in range(iterations):
        old: Array = tau2[active]
        step = _fisher_step(ya, va, old)
        # steps that change sign are overshooting: half of one lands close to the maximum
        step *= np.where(step * last < 0, 0.5, 1.0)
        last = step
        new: Array = np.maximum(0.0, old + step)
        tau2[active] = new
        settled = np.abs(new - old) <= tolerance * (new + va.min(axis=1))
        converged[active[settled]] = True
        active = active[~settled]
        if not active.size:
            break
        # copying the unsettled rows pays only when many have left
        if settled.any():
            ya, va, last = ya[~settled], va[~settled], last[~settled]
    lower = (tau2 > 0) & (_log_likelihood(y, v, np.zeros_like(tau2)) > _log_likelihood(y, v, tau2))
    tau2[lower] = 0.0
    w = 1 / (v + tau2[:, None])
    total = w.sum(axis=1)
    return BatchedFit((w * y).sum(axis=1) / total, np.sqrt(1 / total), tau2, converged)


def _fisher_step(y: Array, v: Array, tau2: Array) -> Array:
    w = 1 / (v + tau2[:, None])
    w2 = w * w
    s1, s2 = w.sum(axis=1), w2.sum(axis=1)
    s3 = np.einsum("ij,ij->i", w2, w)
    mean = np.einsum("ij,ij->i", w, y) / s1
    centred = y - mean[:, None]
    quadratic = np.einsum("ij,ij,ij->i", w2, centred, centred)
    score = quadratic - (s1 - s2 / s1)
    information = s2 - 2 * s3 / s1 + (s2 / s1) ** 2
    return np.asarray(score / information)


def _log_likelihood(y: Array, v: Array, tau2: Array) -> Array:
    """Return the restricted log-likelihood of each row up to a constant."""
    w = 1 / (v + tau2[:, None])
    total = w.sum(axis=1)
    mean = np.einsum("ij,ij->i", w, y) / total
    centred = y - mean[:, None]
    quadratic = np.einsum("ij,ij,ij->i", w, centred, centred)
    return np.asarray(0.5 * np.log(w).sum(axis=1) - 0.5 * np.log(total) - 0.5 * quadratic)
